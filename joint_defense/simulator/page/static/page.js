// What only a script can do: keys without a new page, changes as they happen, sound. The page works without it.
"use strict";

const words = document.body.dataset;
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const handsets = () => [...document.querySelectorAll(".handset")];
const handsetOf = (number) => document.getElementById(`handset-${number.slice(1)}`);
let listenedTo = null;

// Keys.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("act" in form.dataset)) return;
  event.preventDefault();
  const handset = form.closest(".handset");
  listenedTo = handset.dataset.number;
  const given = new URLSearchParams(new FormData(form));
  const button = event.submitter;
  if (button && button.name) given.set(button.name, button.value);
  let said = words.unreachable;
  try {
    const answer = await fetch(form.action, { method: "POST", body: given, headers: { Accept: "application/json" } });
    said = (await answer.json()).said;
    if (answer.ok && form.classList.contains("writes")) form.reset();
  } catch { /* `said` says it */ }
  handset.querySelector(".said").textContent = said ?? words.unreachable;
});
const chooser = document.getElementById("choose");
if (chooser) {
  chooser.elements.village.addEventListener("change", () => {
    chooser.elements.group.selectedIndex = 0;
    chooser.requestSubmit();
  });
}

// What is spoken shows word by word: what has sounded in ink, what is to come in grey.
function speakOnScreen(line) {
  const text = line.textContent;
  const spoken = document.createElement("span");
  const yet = document.createElement("span");
  yet.className = "yet";
  line.replaceChildren(spoken, yet);
  const begun = performance.now() - Number(line.dataset.began);
  const turn = () => {
    const upTo = Math.ceil(text.length * Math.min(1, (performance.now() - begun) / Number(line.dataset.lasts)));
    spoken.textContent = text.slice(0, upTo);
    yet.textContent = text.slice(upTo);
    if (upTo < text.length && line.isConnected) setTimeout(turn, 120);
  };
  turn();
}
function wake(screen) {
  if (!calm) screen.querySelectorAll(".sounding").forEach(speakOnScreen);
  const last = screen.querySelector(".talk:last-of-type > :last-child");
  const texts = screen.querySelectorAll(".text");
  const newest = texts.length && screen.parentElement.dataset.state === "idle" ? texts[texts.length - 1] : last;
  if (newest) screen.scrollTop = newest.offsetTop + newest.offsetHeight - screen.offsetTop - screen.clientHeight + 8;
}
document.querySelectorAll(".screen").forEach(wake);

// Changes as they happen.
const lost = document.getElementById("lost");
const lastUpdate = document.getElementById("last-update");
const noteTime = () => { lastUpdate.textContent = new Date().toLocaleTimeString("en-GB"); };
noteTime();
const line = new EventSource(`/live?${words.query}&version=${words.version}`);
line.onopen = () => { lost.hidden = true; noteTime(); };
line.onerror = () => { lost.hidden = false; };
line.addEventListener("screen", (event) => {
  const told = JSON.parse(event.data);
  const handset = handsetOf(told.number);
  noteTime();
  if (!handset) return;
  const ended = handset.dataset.state !== "idle" && told.state === "idle";
  handset.dataset.state = told.state;
  const screen = handset.querySelector(".screen");
  screen.innerHTML = told.html;
  wake(screen);
  const choice = handset.querySelector("select[name=behaviour]");
  if (choice && document.activeElement !== choice) choice.value = told.behaviour;
  if (ended && told.number === listenedTo) window.speechSynthesis?.cancel();
  tellRinging();
});
line.addEventListener("heard", (event) => {
  const told = JSON.parse(event.data);
  if (told.number === listenedTo) say(told.text, told.language);
});
line.addEventListener("people", async () => {
  const fresh = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  for (const id of ["listed", "unlisted"]) {
    const list = document.getElementById(id);
    const known = new Map([...list.children].map((each) => [each.id, each]));
    const wanted = [...fresh.getElementById(id).children].map((each) => {
      const mine = known.get(each.id);
      const same = mine && ["h3", ".about"].every((part) => mine.querySelector(part)?.innerHTML === each.querySelector(part)?.innerHTML);
      return same ? mine : document.adoptNode(each);
    });
    if (wanted.length !== list.children.length || wanted.some((each, place) => each !== list.children[place])) list.replaceChildren(...wanted);
  }
  document.getElementById("unlisted-section").hidden = document.getElementById("unlisted").children.length === 0;
});

// For those who do not see the screens: how many ring, once it has settled.
let settling;
function tellRinging() {
  clearTimeout(settling);
  settling = setTimeout(() => {
    const count = handsets().filter((each) => each.dataset.state === "ringing").length;
    const told = count ? words.ringing + count : "";
    const announcement = document.getElementById("announcement");
    if (announcement.textContent !== told) announcement.textContent = told;
  }, 700);
}

// Sound: only after a tap, as browsers want it. A handset's bell, and the voice in the one that was touched last.
const switchOfSound = document.getElementById("sound");
let sound = null;
function ring() {
  const begin = sound.currentTime;
  for (const [offset, pitch] of [[0, 880], [0.12, 988], [0.24, 880], [0.36, 988]]) {
    const tone = sound.createOscillator();
    const loudness = sound.createGain();
    tone.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.06, begin + offset);
    loudness.gain.exponentialRampToValueAtTime(0.001, begin + offset + 0.11);
    tone.connect(loudness).connect(sound.destination);
    tone.start(begin + offset);
    tone.stop(begin + offset + 0.12);
  }
}
setInterval(() => {
  if (sound && handsets().some((each) => each.dataset.state === "ringing")) ring();
}, 1500);
function voiceFor(language) {
  const spoken = language.slice(0, 2).toLowerCase();
  return (window.speechSynthesis?.getVoices() ?? []).find((each) => each.lang.toLowerCase().startsWith(spoken));
}
function say(text, language) {
  const voice = sound && voiceFor(language);
  if (!voice) return;
  const words = new SpeechSynthesisUtterance(text);
  words.voice = voice;
  words.lang = voice.lang;
  window.speechSynthesis.speak(words);
}
function tellVoice() {
  const note = document.getElementById("no-voice");
  note.textContent = words.noVoice;
  note.hidden = !sound || Boolean(voiceFor("zh"));
}
window.speechSynthesis?.addEventListener?.("voiceschanged", tellVoice);
switchOfSound.hidden = !window.AudioContext;
switchOfSound.addEventListener("click", () => {
  if (sound) {
    sound.close();
    sound = null;
    window.speechSynthesis?.cancel();
  } else {
    sound = new AudioContext();
  }
  switchOfSound.querySelector("span").textContent = sound ? words.soundOff : words.soundOn;
  tellVoice();
});
