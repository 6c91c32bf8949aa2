// A form that is on its way is not sent again by a second press: the first answer would be lost, and what works once is used up.
// After a while, or on the way back to the page, it is: the answer may have been lost anyway.
(() => {
  const LONG_MS = 5000;
  let sent = new WeakMap();
  addEventListener("pageshow", () => { sent = new WeakMap(); });
  document.addEventListener("submit", (event) => {
    const before = sent.get(event.target);
    if (before !== undefined && event.timeStamp - before < LONG_MS) event.preventDefault();
    else sent.set(event.target, event.timeStamp);
  });
})();
