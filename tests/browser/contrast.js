/* The texts of a page whose contrast with what is behind them is less than 4.5, as WCAG 2.2 wants it. */
(() => {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const linear = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const luminance = (rgb) => [0.2126, 0.7152, 0.0722].reduce((sum, part, place) => sum + part * linear(rgb[place] / 255), 0);
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const found = new Set();
  for (const element of document.querySelectorAll("main *, header *")) {
    const style = getComputedStyle(element);
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!hasText || element.matches("option") || style.backgroundImage !== "none") continue;
    const [more, less] = [luminance(parse(style.color)), luminance(behind(element))].sort((one, other) => other - one);
    const contrast = (more + 0.05) / (less + 0.05);
    if (contrast < 4.5) found.add(`${element.tagName}.${element.className}: ${contrast.toFixed(2)}`);
  }
  return [...found];
})()
