// The kinds of elements: what each is called, where its form is, what it holds while it is empty.

const NO_ADDRESS = {
  name: "",
  address: { line1: "", line2: null, city: "", state: "", postal_code: "", country: "" },
};

function addressElement(mode, name) {
  return {
    type: "address",
    mode,
    name,
    path: "/_simulator/address_element",
    title: "Secure address input frame",
    height: 420,
    value: NO_ADDRESS,
    changeValues: { elementMode: mode, isNewAddress: true },
  };
}

// `optional`: it is complete while it is empty. `validates`: how validateElements() names it. `since` and `until` are the
// first and the last release that have create…Element(), `getSince` the first with get…Element().
export const ELEMENTS = {
  Payment: {
    type: "payment",
    name: "Payment Element",
    path: "/_simulator/payment_element",
    title: "Secure payment input frame",
    height: 264,
    value: { type: "card" },
    changeValues: { collapsed: false },
    validates: "payment",
  },
  BillingAddress: { ...addressElement("billing", "Billing Address Element"), validates: "billingAddress" },
  ShippingAddress: { ...addressElement("shipping", "Shipping Address Element"), validates: "shippingAddress" },
  ExpressCheckout: {
    type: "expressCheckout",
    name: "Express Checkout Element",
    path: "/_simulator/express_checkout_element",
    title: "Secure express checkout frame",
    height: 52,
    optional: true,
    value: {},
    readyLater: true, // when it knows which wallets there are
  },
  CurrencySelector: {
    type: "currencySelector",
    name: "Currency Selector Element",
    path: "/_simulator/currency_selector_element",
    title: "Secure currency selector frame",
    height: 0,
    optional: true,
    value: {},
  },
  TaxId: {
    type: "taxId",
    name: "Tax ID Element",
    path: "/_simulator/tax_id_element",
    title: "Secure tax ID input frame",
    height: 90,
    optional: true,
    value: { businessName: "", taxId: "", taxIdType: "", externalTaxIdType: "" },
    changeValues: { visible: true },
    validates: "taxId",
  },
  ContactDetails: {
    type: "contactDetails",
    name: "Contact Details Element",
    path: "/_simulator/contact_details_element",
    title: "Secure contact details input frame",
    height: 84,
    value: { email: "" },
    validates: "contactDetails",
    since: "dahlia",
    getSince: "endive",
  },
  Terms: {
    type: "terms",
    name: "Terms Element",
    path: "/_simulator/terms_element",
    title: "Secure terms frame",
    height: 40,
    optional: true,
    value: {},
    validates: "terms",
    since: "dahlia",
  },
  PaymentForm: {
    type: "checkoutForm",
    name: "Checkout Form",
    pathOf: (id) => `/_simulator/form/${id}`,
    title: "Secure checkout form frame",
    height: 640,
    value: {},
    validates: "checkoutForm",
    since: "clover",
    absent: ["dahlia", "endive"], // it has an SDK of its own there
  },
  LinkSignup: {
    type: "linkSignup",
    name: "Link Signup Element",
    path: "/_simulator/link_signup_element",
    title: "Secure Link signup frame",
    height: 40,
    optional: true,
    value: {},
    absent: ["clover"],
    since: "basil",
  },
};

// What stripe.elements() has and a Checkout Session has not.
export const LINK_AUTHENTICATION = {
  ...ELEMENTS.ContactDetails,
  type: "linkAuthentication",
  name: "Link Authentication Element",
  title: "Secure email input frame",
  path: "/_simulator/link_authentication_element",
};
