// Runs before the first paint, so that a remembered theme does not flash. Kept apart because inline scripts are refused.
try {
  var theme = localStorage.getItem("tercet.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch (_) {
  // Storage may be blocked: the system's theme is used.
}
