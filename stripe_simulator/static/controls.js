// Whatever can be pressed or typed into is disabled as the server draws it, because a script listens a moment after it is seen.

// Lets the controls be used: now each press and each letter is heard.
export function enableControls() {
  document.getElementById("controls").disabled = false;
}
