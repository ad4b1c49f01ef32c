// The operator's page: the shop answers, and is handed in what was let in without it.
const doors = new WeakMap();
const HAND_IN = 2000;

function mount(root) {
  const door = new Door(root, (text, key) => door.send("scan", { text, key }));
  door.find("take").hidden = false;
  door.find("take").addEventListener("click", () => door.send("take", Date.now()));
  setInterval(() => {
    const { pending } = memory.read();
    if (pending.length && navigator.onLine && root.isConnected) door.send("hand_in", pending.slice(0, 50));
  }, HAND_IN);
  if ("serviceWorker" in navigator)
    navigator.serviceWorker
      .register("/door/worker.js")
      .then(() => (door.find("offline").hidden = false))
      .catch(() => {}); // served without this page: the list works for as long as the page is open
  return door;
}

export default function ({ data, parentElement, setTriggerValue }) {
  let door = doors.get(parentElement);
  if (!door) {
    door = mount(parentElement);
    doors.set(parentElement, door);
  }
  door.send = setTriggerValue;
  if (data.list && data.list.made !== door.made) {
    door.made = data.list.made;
    door.keepList(data.list);
  }
  if (data.handed_in.length) door.handedIn(data.handed_in);
  if (data.answer) door.hear(data.answer);
  if (data.ticket && !door.opened) {
    door.opened = true;
    door.find("text").value = data.ticket;
  }
}
