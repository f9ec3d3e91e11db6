"use strict";
// Tabs, the filter, copying and the keyboard; without any of it the page is a long document with anchors.
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const query = document.getElementById("query");
  const matches = document.getElementById("matches");
  const sections = all("main > section");
  const tabs = all("nav a");
  const dtypes = all(".family thead th", document.querySelector(".family")).slice(1).map((th) => th.textContent);
  let shown = sections[0].id;

  root.classList.add("js");
  document.getElementById("search").hidden = false;
  document.querySelector("nav").setAttribute("role", "tablist");
  for (const tab of tabs) {
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", tab.hash.slice(1));
  }
  for (const section of sections) section.setAttribute("role", "tabpanel");

  function show(id) {
    shown = id;
    for (const section of sections) section.classList.toggle("shown", section.id === id);
    for (const tab of tabs) {
      const selected = tab.hash === "#" + id;
      tab.setAttribute("aria-selected", selected);
      tab.tabIndex = selected ? 0 : -1;
    }
  }

  // The fragment is #TAB, #TAB?QUERY, or the id of an operator or a finding.
  function follow() {
    const [id, text = ""] = location.hash.slice(1).split("?", 2).map(decodeURIComponent);
    const there = id && document.getElementById(id);
    if (there && there.tagName !== "SECTION") return open(there);
    show(there ? id : shown);
    if (query.value !== text) query.value = text;
    filter();
  }

  function open(element) {
    show(element.closest("section").id);
    if (query.value) { query.value = ""; filter(); }
    for (let fold = element; fold; fold = fold.parentElement) if (fold.tagName === "DETAILS") fold.open = true;
    if (element.classList.contains("more")) element.classList.add("open");
    element.scrollIntoView();
  }

  function parsed(text) {
    return text.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
      const not = word.startsWith("-") && word.length > 1;
      const [, key, value] = /^(?:(status|dtype|check|family):)?(.*)$/.exec(not ? word.slice(1) : word);
      return { not, key: key || "", value };
    });
  }

  const holds = (terms, key, test) => terms.filter((t) => t.key === key).every((t) => test(t.value) !== t.not);

  function rowMatches(terms, row, family) {
    const op = row.dataset.op.toLowerCase();
    if (!holds(terms, "", (v) => op.includes(v) || family.includes(v))) return false;
    if (!holds(terms, "family", (v) => family.includes(v))) return false;
    const about = terms.filter((t) => ["status", "dtype", "check"].includes(t.key));
    if (!about.length) return true;
    // One cell has to answer for status and dtype together; what is left out must be in none.
    const cells = all(":scope > td", row).map((td, i) => ({ status: td.className, dtype: dtypes[i] })).filter((c) => c.status);
    const is = (cell, t) => t.key === "check" || (t.key === "status" && cell.status === "absent" ? "not-run absent" : cell[t.key]).includes(t.value);
    const wanted = about.filter((t) => !t.not), unwanted = about.filter((t) => t.not && t.key !== "check");
    if (wanted.some((t) => t.key === "check") && !checks(row, wanted)) return false;
    return (!wanted.length || cells.some((c) => wanted.every((t) => is(c, t)))) && !cells.some((c) => unwanted.some((t) => is(c, t)));
  }

  // With check: the table of the operator's own cells is asked.
  function checks(row, wanted) {
    const table = row.nextElementSibling.querySelector("table");
    const names = all("thead th", table).map((th) => th.textContent);
    return all("tr", table).slice(1).some((line) => all("td", line).some((td, i) => wanted.every((t) =>
      t.key === "check" ? names[i + 1].includes(t.value) && td.textContent : t.key === "dtype" ? line.firstChild.textContent.includes(t.value) : td.textContent.startsWith(t.value))));
  }

  // What the summary of a finding says, read once.
  const findings = all(".finding").map((element) => {
    const [letter, op, check, about] = element.firstElementChild.children;
    return { element, op: op.textContent, check: check.textContent, status: element.classList[1], dtypes: about.textContent.split(" · ")[0] };
  });

  function findingMatches(terms, { op, check, status, dtypes: of }) {
    return holds(terms, "", (v) => op.toLowerCase().includes(v) || check.includes(v)) && holds(terms, "status", (v) => status.includes(v))
      && holds(terms, "dtype", (v) => of.includes(v)) && holds(terms, "check", (v) => check.includes(v))
      && holds(terms, "family", (v) => (families.get(op) || "").includes(v));
  }

  const families = new Map();
  for (const family of all(".family"))
    for (const row of all("tr[data-op]", family)) families.set(row.dataset.op, family.dataset.family.toLowerCase());

  function filter() {
    const terms = parsed(query.value);
    let rows = 0, found = 0;
    for (const family of all(".family")) {
      let any = false;
      for (const row of all("tr[data-op]", family)) {
        const match = !terms.length || rowMatches(terms, row, family.dataset.family.toLowerCase());
        row.classList.toggle("hidden", !match);
        row.nextElementSibling.classList.toggle("hidden", !match);
        any ||= match;
        rows += match;
      }
      family.classList.toggle("hidden", !any);
    }
    for (const finding of findings) {
      const match = !terms.length || findingMatches(terms, finding);
      finding.element.classList.toggle("hidden", !match);
      found += match;
    }
    matches.textContent = terms.length ? `${rows} operators, ${found} findings` : "";
  }

  const remember = (id = shown + (query.value ? "?" + encodeURIComponent(query.value) : "")) => history.replaceState(null, "", "#" + id);

  let waiting = 0;
  query.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { filter(); remember(); }, 80);
  });
  document.getElementById("search").addEventListener("submit", (event) => event.preventDefault());

  document.addEventListener("click", (event) => {
    const cell = event.target.closest("tr[data-op] > td:not(:empty)");
    if (cell) return turn(cell.parentElement.nextElementSibling);
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    event.preventDefault();
    const there = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!there) return;
    if (there.tagName === "SECTION") { show(there.id); remember(); return; }
    if (link.closest("tr")?.nextElementSibling === there) return turn(there);
    open(there);
    history.pushState(null, "", link.hash);
  });

  function turn(more) {
    remember(more.classList.toggle("open") ? more.id : undefined);
  }

  // The scripts of all findings, packed: together they would be half of the page.
  let unpacked;
  function scripts() {
    return unpacked ||= (async () => {
      const packed = Uint8Array.from(atob(document.getElementById("scripts").textContent), (c) => c.charCodeAt(0));
      const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
      return JSON.parse(await new Response(stream).text());
    })();
  }

  function button(text, act) {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    made.addEventListener("click", act);
    return made;
  }

  // An opened finding gets what one may do with it.
  for (const { element } of findings)
    element.addEventListener("toggle", () => {
      if (!element.open || element.querySelector(".actions")) return;
      const id = element.id.slice("finding-".length);
      const actions = Object.assign(document.createElement("p"), { className: "actions" });
      const script = Object.assign(document.createElement("pre"), { className: "script", hidden: true });
      const get = async () => (await scripts())[id] || "(its program is not in the report)";
      actions.append(
        button("copy replay command", (event) => copy(event.target, `parity replay ${id.slice(0, 8)}`)),
        button("copy script", async (event) => copy(event.target, await get())),
        button("show script", async () => { script.textContent = await get(); script.hidden = !script.hidden; }),
      );
      element.append(actions, script);
    });

  async function copy(button, text) {
    const before = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // A file has no clipboard in every browser: what is selected can always be copied.
      const area = Object.assign(document.createElement("textarea"), { value: text });
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "copied";
    setTimeout(() => { button.textContent = before; }, 1200);
  }

  document.getElementById("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // One stop of the Tab key for the whole matrix: arrows walk through it.
  const cells = all("tr[data-op] > td:not(:empty)");
  cells.forEach((cell, i) => { cell.tabIndex = i ? -1 : 0; });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = document.activeElement;
    if (event.key === "/" && at !== query) { event.preventDefault(); query.focus(); query.select(); }
    if (event.key === "Escape") {
      if (at === query) { query.value = ""; filter(); remember(); query.blur(); }
      for (const row of all("tr.more.open")) row.classList.remove("open");
    }
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -2, ArrowDown: 2 }[event.key];
    if (step && tabs.includes(at) && Math.abs(step) === 1) {
      const next = tabs[(tabs.indexOf(at) + step + tabs.length) % tabs.length];
      show(next.hash.slice(1)); remember(); next.focus();
    } else if (step && cells.includes(at)) {
      event.preventDefault();
      walk(at, step);
    } else if ((event.key === "Enter" || event.key === " ") && cells.includes(at)) {
      event.preventDefault();
      turn(at.parentElement.nextElementSibling);
    }
  });

  function walk(from, step) {
    const seen = (cell) => cell && cell.textContent && cell.offsetParent !== null;
    const column = from.cellIndex;
    const line = Math.abs(step) === 1
      ? cells.filter(seen)
      : all("tr[data-op]").map((row) => row.cells[column]).filter(seen);
    const next = line[line.indexOf(from) + Math.sign(step)];
    if (!next) return;
    from.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  addEventListener("hashchange", follow);
  follow();
})();
