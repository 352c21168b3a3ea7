// A new alarm on whatever page is open: a banner, the title, a sound.
{
  const place = document.getElementById("new-alarms");
  const words = place.dataset;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

  // What this browser remembers: alarms that were seen, those that have sounded, and whether there is to be a sound.
  const store = {
    read(name) { try { return localStorage.getItem(`alarm-${name}-${words.account}`) ?? ""; } catch { return ""; } },
    write(name, value) { try { localStorage.setItem(`alarm-${name}-${words.account}`, value); } catch { /* not kept */ } },
    has(name, id) { return this.read(name).split(" ").includes(String(id)); },
    remove(name, id) { this.write(name, this.read(name).split(" ").filter((each) => each !== String(id)).join(" ")); },
    add(name, id) { if (!this.has(name, id)) this.write(name, [...this.read(name).split(" ").slice(-50), id].join(" ").trim()); },
  };
  // The server leaves out what was seen, so that the page does not move when the script takes it away.
  function noteSeen(id) {
    store.add("seen", id);
    document.cookie = `alarms_seen=${store.read("seen").split(" ").slice(-20).join(".")}; path=/; max-age=604800; SameSite=Lax`;
  }
  if (words.here) noteSeen(words.here);

  // The sound. A browser lets it out once somebody has touched a page of ours; until then the page says so.
  const line = document.querySelector(".alarm-sound");
  const button = line.querySelector("[data-sound]");
  const label = button.querySelector("[data-on]");
  const said = line.querySelector("[data-sound-words]");
  const bell = new Audio();
  bell.preload = "none";
  bell.src = words.bell;
  let waiting = [];
  const wantsSound = () => store.read("sound") !== "off";
  function showSwitch() {
    line.classList.remove("needs-script");
    button.setAttribute("aria-pressed", String(wantsSound()));
    label.textContent = wantsSound() ? label.dataset.on : label.dataset.off;
  }
  async function sound(ids) {
    waiting = [...new Set([...waiting, ...ids])].filter((id) => !store.has("sounded", id));
    if (!waiting.length || !wantsSound()) return;
    const now = waiting;
    // Before it plays: two tabs are not to ring for the same alarm at once.
    now.forEach((id) => store.add("sounded", id));
    try {
      bell.currentTime = 0;
      await bell.play();
      waiting = [];
      said.textContent = "";
      place.dataset.sounded = now.join(" ");
    } catch {
      now.forEach((id) => store.remove("sounded", id));
      said.textContent = words.blocked;
    }
  }
  for (const touch of ["pointerup", "keyup"]) {
    document.addEventListener(touch, () => { if (waiting.length) sound([]); });
  }
  button.addEventListener("click", () => {
    store.write("sound", wantsSound() ? "off" : "on");
    if (!wantsSound()) { said.textContent = ""; bell.pause(); }
    showSwitch();
  });
  addEventListener("storage", () => { showSwitch(); drop((id) => store.has("seen", id)); });
  showSwitch();

  // The title: it changes with what htmx makes of it meanwhile, and comes back when the alarm was seen.
  const worker = new Worker(words.worker);
  let flash = "";
  let plain = document.title;
  function tick() {
    if (document.title !== flash) {
      plain = document.title;
      document.title = flash;
    } else if (!calm) document.title = plain;
  }
  function flashTitle(title) {
    if (title === flash) return;
    if (document.title === flash && flash) document.title = plain;
    flash = title;
    worker.postMessage({ flash: Boolean(title) });
    if (title) tick();
  }

  // The banners.
  const titles = new Map();
  const banners = () => [...place.querySelectorAll("[data-alarm]")];
  function drop(gone) {
    banners().filter((each) => gone(each.dataset.alarm)).forEach((each) => each.remove());
    for (const id of [...titles.keys()]) if (gone(id)) titles.delete(id);
    flashTitle(titles.size ? `🔔 ${[...titles.values()][0]}` : "");
  }
  function addSeen(banner) {
    const seen = banner.querySelector("[data-seen].needs-script");
    if (!seen) return;
    seen.classList.remove("needs-script");
    seen.addEventListener("click", () => {
      noteSeen(banner.dataset.alarm);
      drop((id) => id === banner.dataset.alarm);
    });
  }
  function isNews(id) { return id !== words.here && !store.has("seen", id); }
  let first = true;
  function show(alarms) {
    const open = new Map(alarms.map((each) => [String(each.id), each]));
    drop((id) => !open.has(id));
    const fresh = [...open].filter(([id]) => isNews(id));
    for (const [id, each] of fresh.reverse()) {
      // A page that lists the alarms itself needs no banner of those that stood there when it was loaded.
      if (first && "listed" in words) continue;
      titles.set(id, each.title);
      if (place.querySelector(`[data-alarm="${id}"]`)) continue;
      place.insertAdjacentHTML("afterbegin", each.html);
    }
    banners().forEach(addSeen);
    first = false;
    drop((id) => !isNews(id));
    sound(fresh.map(([id]) => id));
  }
  drop((id) => !isNews(id));
  banners().forEach(addSeen);
  worker.onmessage = (event) => { if (event.data.tick) { if (flash) tick(); } else show(event.data.alarms); };
  worker.postMessage({ address: words.ask, every: Number(words.every) });
}
