// The sheet of a wallet in its frame: tells the page whether the shopper pays.
import { startDialog } from "./dialog.js";
import { sendToPage, start } from "./frame.js";

const pay = document.getElementById("pay");
const cancel = document.getElementById("cancel");

document.getElementById("total").textContent = start.get("total") || "";
document.getElementById("wallet").textContent = start.get("label") || "Wallet";
pay.addEventListener("click", () => sendToPage({ type: "result", result: true }));
cancel.addEventListener("click", () => sendToPage({ type: "result", result: false }));
startDialog(pay, cancel);
sendToPage({ type: "ready" });
