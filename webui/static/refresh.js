// Fetches the same page now and then and puts its content in place, so that scrolling, the keyboard's place and what is
// unfolded stay as they are. Without JavaScript the page reloads itself instead.
"use strict";
(() => {
  const main = document.querySelector("main[data-refresh]");
  if (!main || !window.fetch) return;
  const seconds = Number(main.dataset.refresh);
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
      if (!fresh) return;
      for (const open of main.querySelectorAll("details[open]")) {
        const same = fresh.querySelector(`#${open.id}`);
        if (same) same.open = true;
      }
      const focused = main.contains(document.activeElement) ? document.activeElement.closest("details") : null;
      main.replaceChildren(...fresh.childNodes);
      if (focused) document.getElementById(focused.id)?.querySelector("summary")?.focus({ preventScroll: true });
    } catch {
      // The gateway is busy or away: the page stays as it was, with its time on it.
    }
  };
  setInterval(refresh, seconds * 1000);
})();
