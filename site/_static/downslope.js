// Names for screen readers that the theme leaves out or contradicts.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("button.search-button-field")) {
    button.removeAttribute("aria-label"); // it says "Search", which would hide the keys that the button shows
  }
  for (const summary of document.querySelectorAll(".bd-sidebar-primary summary")) {
    const link = summary.closest("li").querySelector("a");
    summary.setAttribute("aria-label", link.textContent.trim());
  }
});
