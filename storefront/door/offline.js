// The page that the browser keeps: only the list answers. What was let in is handed in by the operator's page later.
const door = new Door(document);
door.find("text").focus();
if ("serviceWorker" in navigator) navigator.serviceWorker.register("/door/worker.js");
