"use strict";
// What depends on when the page is read: how old the data is, and whether a gate's decision still counts.
(() => {
  const SHOWN = { fresh: ["✓", "Fresh"], warning: ["!", "Warning"], stale: ["✕", "Stale"] };

  const open = [...document.querySelectorAll(".gate.open")];

  function spoken(hours) {
    const minutes = Math.max(0, Math.floor(hours * 60));
    if (minutes < 60) return `${minutes} min`;
    if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
    return `${Math.floor(minutes / 1440)} d ${Math.floor(minutes / 60) % 24} h`;
  }

  function tell(element, state, sign, word, said) {
    element.className = element.className.replace(/\S+$/, state);
    element.querySelector(".sign").textContent = sign;
    element.querySelector(".word").textContent = word;
    element.querySelector(".said").textContent = said;
  }

  function update() {
    const now = Date.now();
    let stale = 0;
    let expired = 0;
    for (const each of document.querySelectorAll(".age")) {
      const { newest, warn, error } = each.dataset;
      const hours = (now - Date.parse(newest)) / 3600000;
      const state = hours > Number(error) ? "stale" : warn && hours > Number(warn) ? "warning" : "fresh";
      stale += state === "stale" ? 1 : 0;
      tell(each, state, ...SHOWN[state], `Last updated ${spoken(hours)} ago`);
    }
    for (const each of open) {
      if (!(Date.parse(each.dataset.until) < now)) continue;
      expired += 1;
      tell(each, "closed", "✕", "Closed", "the decision has expired");
      const since = each.querySelector(".since time");
      if (since) since.textContent = `${each.dataset.until.slice(0, 16).replace("T", " ")} UTC`;
    }
    const newest = document.querySelector("#newest time");
    const quiet = newest ? (now - Date.parse(newest.dateTime)) / 3600000 : 0;
    const note = document.getElementById("since-then");
    if (note) {
      const said = [];
      if (stale) said.push(`the data of ${stale} ${stale === 1 ? "table" : "tables"} is stale`);
      if (expired) said.push(`${expired} gate ${expired === 1 ? "decision has" : "decisions have"} expired`);
      if (quiet > 48) said.push(`nothing has been checked for ${spoken(quiet)}`);
      note.hidden = !said.length;
      note.textContent = `As you read this, ${said.join(", and ")}.`;
      const banner = document.querySelector(".banner.passed");
      if (banner && said.length) {
        for (const each of [banner, banner.querySelector(".verdict")]) each.classList.replace("passed", "warned");
        banner.querySelector(".sign").textContent = "!";
        banner.querySelector(".verdict .word").textContent = "Was all right:";
        document.title = document.title.replace(/^All right/, "Was all right");
      }
    }
  }

  update();
  setInterval(update, 30000);
})();
