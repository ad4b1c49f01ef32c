// The bank's challenge in its frame: sends the outcome to the simulator and its answer to the page.
import { startDialog } from "./dialog.js";
import { isCheckoutPath, post, sendToPage, start } from "./frame.js";

const completeButton = document.getElementById("complete");
const failButton = document.getElementById("fail");
const error = document.getElementById("error");

function disableButtons(disabled) {
  completeButton.disabled = disabled;
  failButton.disabled = disabled;
}

async function sendOutcome(outcome) {
  const path = start.get("path");
  if (!isCheckoutPath(path)) return;
  disableButtons(true);
  const { email, name, ...values } = JSON.parse(start.get("values"));
  try {
    sendToPage({ type: "result", result: await post(path, { outcome, ...values }) });
  } catch {
    error.textContent = "The bank could not be reached. Please try again.";
    error.hidden = false;
    disableButtons(false);
  }
}

document.getElementById("total").textContent = start.get("total") || "";
completeButton.addEventListener("click", () => sendOutcome("succeeded"));
failButton.addEventListener("click", () => sendOutcome("failed"));
startDialog(completeButton, failButton);
sendToPage({ type: "ready" });
