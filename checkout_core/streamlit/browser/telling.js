// What the page must hear is told again until something has come of it: a message is lost when the connection breaks, or
// when Streamlit replaces that part of the page meanwhile. Stands before the scripts of the components that tell something.
window.checkoutTell ??= (() => {
  const AGAIN = 3000; // milliseconds
  const MOST = 20; // times: by then the page cannot do it

  // `tell` tells the page, and `isDone` says whether something has come of it, or it is of no use any more.
  const tellUntil = (tell, isDone, times = MOST) => {
    if (times === 0 || isDone()) return;
    tell();
    setTimeout(tellUntil, AGAIN, tell, isDone, times - 1);
  };
  return tellUntil;
})();
