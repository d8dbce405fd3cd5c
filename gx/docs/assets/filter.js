"use strict";
// Searches and filters the list of recent runs. What is asked for is kept in the address, after the #.
(() => {
  const form = document.getElementById("filter");
  if (!form) return;
  const AT_FIRST = 50;
  const { q, table, verdict, severity, from, to } = form.elements;
  const fields = [q, table, verdict, severity, from, to];
  const more = document.getElementById("more");
  const rows = [...document.getElementById("recent").tBodies[0].rows].map((row) => ({
    row,
    table: row.querySelector("a").textContent,
    verdict: row.className,
    severities: row.querySelector(".severities").textContent,
    day: row.querySelector("time").dateTime.slice(0, 10),
    text: row.textContent.toLowerCase(),
  }));

  for (const name of [...new Set(rows.map((each) => each.table))].sort()) table.add(new Option(name));

  function show() {
    const words = q.value.toLowerCase().split(/\s+/);
    const found = rows.filter(
      (each) =>
        (!table.value || each.table === table.value) &&
        (!verdict.value || each.verdict === verdict.value) &&
        (!severity.value || each.severities.includes(severity.value)) &&
        (!from.value || each.day >= from.value) &&
        (!to.value || each.day <= to.value) &&
        words.every((word) => each.text.includes(word)),
    );
    const limit = more.dataset.all ? found.length : AT_FIRST;
    const shown = new Set(found.slice(0, limit));
    for (const each of rows) each.row.hidden = !shown.has(each);
    more.hidden = found.length <= limit;
    more.textContent = `Show all ${found.length} runs`;
    document.getElementById("found").textContent =
      found.length === rows.length ? `${rows.length} runs` : `${found.length} of ${rows.length} runs`;
  }

  function address() {
    const asked = fields.filter((field) => field.value).map((field) => [field.name, field.value]);
    return asked.length ? `#${new URLSearchParams(asked)}` : "#recent-runs";
  }

  function restore() {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const field of fields) field.value = asked.get(field.name) ?? "";
    show();
  }

  function remember() {
    show();
    if (address() !== location.hash) history.pushState(null, "", address());
  }

  form.addEventListener("input", show);
  form.addEventListener("change", remember);
  form.addEventListener("reset", () => setTimeout(remember)); // the fields are emptied after this event
  form.addEventListener("submit", (event) => event.preventDefault());
  more.addEventListener("click", () => {
    more.dataset.all = "yes";
    show();
  });
  addEventListener("popstate", restore);
  form.hidden = false;
  restore();
})();
