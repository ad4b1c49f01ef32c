// The simulator as stripe-node sees it: a second client, written independently of stripe-python.
//
// STRIPE_URL       where the simulator listens
// WEBHOOK_PORT     the port to which it delivers
// WEBHOOK_SECRET   what it signs with
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, before, test } from "node:test";
import Stripe from "stripe";

const { STRIPE_URL, WEBHOOK_PORT, WEBHOOK_SECRET } = process.env;
const address = new URL(STRIPE_URL);
const stripe = new Stripe("sk_test_node", {
  protocol: "http",
  host: address.hostname,
  port: address.port,
  maxNetworkRetries: 2,
  telemetry: false,
});
const SALE = {
  mode: "payment",
  ui_mode: "elements",
  return_url: "https://shop.test/complete?session_id={CHECKOUT_SESSION_ID}",
  customer_email: "shopper@example.com",
  metadata: { cart: "cart_1" },
  line_items: [
    { quantity: 2, price_data: { currency: "eur", unit_amount: 1500, product_data: { name: "Mug – ü" } } },
    { quantity: 1, price_data: { currency: "eur", unit_amount: 250, product_data: { name: "Card" } } },
  ],
};

const delivered = [];
const receiver = http.createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  delivered.push({ body: Buffer.concat(chunks), signature: request.headers["stripe-signature"] });
  response.writeHead(204).end();
});

const control = async (path, body = {}) => {
  const response = await fetch(`${STRIPE_URL}/_simulator/${path}`, { method: "POST", body: JSON.stringify(body) });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
};

before(async () => {
  receiver.listen(Number(WEBHOOK_PORT), "127.0.0.1");
  await once(receiver, "listening");
});

after(() => {
  receiver.closeAllConnections();
  receiver.close();
});

test("creates and retrieves a session", async () => {
  const created = await stripe.checkout.sessions.create(SALE);
  assert.match(created.id, /^cs_test_/);
  assert.equal(created.amount_total, 3250);
  assert.equal(created.status, "open");
  assert.equal(created.payment_status, "unpaid");
  assert.equal(created.payment_intent, null);
  assert.ok(created.client_secret.startsWith(`${created.id}_secret_`));
  assert.match(created.lastResponse.requestId, /^req_/);
  const found = await stripe.checkout.sessions.retrieve(created.id, { expand: ["line_items"] });
  assert.deepEqual(found.metadata, { cart: "cart_1" });
  assert.deepEqual(
    found.line_items.data.map((line) => [line.description, line.quantity, line.amount_total]),
    [
      ["Mug – ü", 2, 3000],
      ["Card", 1, 250],
    ],
  );
});

test("creates once under one idempotency key", async () => {
  const options = { idempotencyKey: "cart_1" };
  const first = await stripe.checkout.sessions.create(SALE, options);
  const again = await stripe.checkout.sessions.create(SALE, options);
  assert.equal(again.id, first.id);
  assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");
  const other = stripe.checkout.sessions.create({ ...SALE, customer_email: "other@example.com" }, options);
  await assert.rejects(other, (error) => error instanceof Stripe.errors.StripeIdempotencyError);
});

for (const [kind, what] of [
  ["500", "Stripe failed"],
  ["after", "the network lost"],
]) {
  test(`retries what ${what}, and creates once`, async () => {
    const earlier = (await stripe.checkout.sessions.list({ limit: 100 })).data.length;
    await control("faults", { route: "POST /v1/checkout/sessions", kind, times: 1 });
    const created = await stripe.checkout.sessions.create(SALE);
    const listed = await stripe.checkout.sessions.list({ limit: 100 });
    assert.equal(listed.data.length, earlier + 1);
    assert.equal(listed.data[0].id, created.id);
  });
}

test("pages through a list by itself", async () => {
  for (let i = 0; i < 3; i += 1) await stripe.checkout.sessions.create(SALE);
  const one = await stripe.checkout.sessions.list({ limit: 100 });
  const all = await stripe.checkout.sessions.list({ limit: 2 }).autoPagingToArray({ limit: 100 });
  assert.deepEqual(
    all.map((session) => session.id),
    one.data.map((session) => session.id),
  );
});

test("expires a session, once", async () => {
  const { id } = await stripe.checkout.sessions.create(SALE);
  const expired = await stripe.checkout.sessions.expire(id);
  assert.equal(expired.status, "expired");
  await assert.rejects(stripe.checkout.sessions.expire(id), (error) => {
    assert.ok(error instanceof Stripe.errors.StripeInvalidRequestError);
    assert.equal(error.statusCode, 400);
    return true;
  });
});

test("raises the errors that stripe-node knows", async () => {
  await assert.rejects(stripe.checkout.sessions.retrieve("cs_test_none"), {
    code: "resource_missing",
    statusCode: 404,
  });
  await assert.rejects(stripe.checkout.sessions.create({ ...SALE, line_items: [] }), { statusCode: 400 });
});

test("reads a payment, refunds it, and believes its webhooks", async () => {
  const { id } = await stripe.checkout.sessions.create(SALE);
  delivered.length = 0;
  await control(`sessions/${id}/pay`, { card: "4242424242424242" }); // answers after the webhooks were delivered
  const session = await stripe.checkout.sessions.retrieve(id, { expand: ["payment_intent.latest_charge"] });
  assert.equal(session.payment_status, "paid");
  assert.equal(session.payment_intent.latest_charge.payment_method_details.card.last4, "4242");

  const events = delivered.map(({ body, signature }) =>
    stripe.webhooks.constructEvent(body, signature, WEBHOOK_SECRET),
  );
  const completed = events.find((event) => event.type === "checkout.session.completed");
  assert.equal(completed.data.object.id, id);
  assert.equal(completed.data.object.payment_status, "paid");
  assert.equal((await stripe.events.retrieve(completed.id)).type, completed.type);

  const { body, signature } = delivered[0];
  const tampered = Buffer.from(body.toString().replace('"livemode":false', '"livemode":true'));
  assert.notDeepEqual(tampered, body);
  for (const [given, secret] of [
    [tampered, WEBHOOK_SECRET],
    [body, "whsec_other"],
  ]) {
    assert.throws(
      () => stripe.webhooks.constructEvent(given, signature, secret),
      Stripe.errors.StripeSignatureVerificationError,
    );
  }

  const refund = await stripe.refunds.create({ payment_intent: session.payment_intent.id, amount: 250 });
  assert.equal(refund.status, "succeeded");
  const charge = await stripe.charges.retrieve(refund.charge);
  assert.deepEqual([charge.amount_refunded, charge.refunded], [250, false]);
  await control("clock", { advance: 0 }); // waits for deliveries under way
  assert.ok(delivered.some((delivery) => JSON.parse(delivery.body).type === "charge.refunded"));
});
