// Before the first paint: the theme that was chosen, if one was. The rest of the site's programs are modules, which run later.
try {
  const theme = localStorage.getItem('dfukit-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Nothing is kept where the browser keeps nothing: the system's theme it is.
}
