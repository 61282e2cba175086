// Forms that start something.

/** A second click on the way must not become a second task. */
export function sendOnce() {
  const form = document.querySelector("form[data-once]");
  const button = form?.querySelector("button");
  form?.addEventListener("submit", (event) => {
    if (button?.ariaDisabled === "true") event.preventDefault();
    button?.setAttribute("aria-disabled", "true");
  });
  addEventListener("pageshow", () => button?.removeAttribute("aria-disabled"));
}
