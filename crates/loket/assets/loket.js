// Live updates and keys. Every page works without this file; it only saves a reload.
"use strict";
(() => {
  const part = document.getElementById("deel");
  const address = part?.dataset.live;
  let stream, timer, seen;

  async function refresh() {
    const answer = await fetch(address, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer) return;
    if (!answer.ok) return stop();
    const open = [...part.querySelectorAll("details[open][id]")].map((it) => it.id);
    // Somebody is about to press a button, or types: not under their hands.
    if (part.querySelector("details.act[open]") || part.contains(document.activeElement) && document.activeElement.matches("input")) return;
    const focused = document.activeElement?.getAttribute("href");
    const text = await answer.text();
    // A mail that is being read in its frame stays where it was scrolled to while only clocks move.
    const news = text.replace(/<time[^]*?<\/time>/g, "");
    if (news === seen && part.querySelector("iframe")) return;
    seen = news;
    part.innerHTML = text;
    open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
    if (focused) part.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    const title = part.querySelector("[data-title]")?.dataset.title;
    if (title) document.title = title;
  }

  function stop() {
    stream?.close();
    stream = undefined;
  }

  function start() {
    if (!address || stream) return;
    stream = new EventSource("/events");
    stream.addEventListener("moved", () => {
      clearTimeout(timer);
      timer = setTimeout(refresh, 250);
    });
  }

  // A hidden page holds no connection, and catches up when it is looked at again.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return stop();
    if (address && !stream) refresh();
    start();
  });
  start();

  document.addEventListener("keydown", (key) => {
    if (key.ctrlKey || key.metaKey || key.altKey || key.target.matches("input, textarea, select")) return;
    if (key.key === "/") {
      const search = document.getElementById("zoek");
      if (search) { key.preventDefault(); search.focus(); search.select(); }
    } else if (key.key === "u") {
      document.querySelector("[data-back]")?.click();
    } else if (key.key === "j" || key.key === "k") {
      const rows = [...document.querySelectorAll("[data-row]")];
      const at = rows.indexOf(document.activeElement.closest("[data-row]"));
      const next = at < 0 ? 0 : at + (key.key === "j" ? 1 : -1);
      rows[next]?.focus();
      rows[next]?.scrollIntoView({ block: rows[next].matches("article") ? "start" : "nearest" });
    }
  });

  // Whoever waits for approval moves on without a reload.
  const waits = document.querySelector("[data-wait]");
  if (waits) {
    const look = async () => {
      if (document.hidden) return;
      const answer = await fetch(waits.dataset.wait, { headers: { accept: "application/json" } }).catch(() => null);
      if (!answer?.ok || answer.redirected) return;
      const standing = await answer.json();
      if (standing.status === waits.dataset.status) return;
      if (standing.verder !== location.pathname) return location.assign(standing.verder);
      // Turned down or paused: it says why, here.
      const page = await fetch(standing.verder, { headers: { accept: "text/html" } }).catch(() => null);
      if (!page?.ok || page.redirected) return;
      const news = new DOMParser().parseFromString(await page.text(), "text/html");
      const told = news.querySelector("[data-wait]");
      if (!told) return;
      waits.replaceChildren(...told.childNodes);
      waits.dataset.status = told.dataset.status;
      document.title = news.title;
    };
    setInterval(look, 3000);
    document.addEventListener("visibilitychange", look);
  }

  // A hint only: what counts is asked on the server.
  for (const field of document.querySelectorAll("[data-strength]")) {
    const words = field.dataset.strength.split("|");
    const row = document.createElement("p");
    const bar = document.createElement("progress");
    const word = document.createElement("span");
    row.className = "strength";
    bar.max = 3;
    word.setAttribute("role", "status");
    row.append(bar, word);
    field.addEventListener("input", () => {
      const text = field.value;
      const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9 ]/, / /].filter((kind) => kind.test(text)).length;
      const score = text.length < 10 ? 0 : Math.min(3, 1 + (text.length > 15) + (kinds > 2 || new Set(text).size > 11));
      bar.value = score;
      word.textContent = text ? words[score] : "";
      if (text && !row.isConnected) field.after(row);
    });
  }
})();
