// Evaluated in the page of a deck: every slide with what is wrong with it.
() => {
  const SMALLEST = 14; // points
  const RAW = /\$[^$\s][^$]*\$|\\\(|\\\[|\\begin\{|\\frac|\\left/;
  const shorten = (text) => text.replace(/\s+/g, " ").trim().slice(0, 60);
  const words = (node) => shorten([...texts(node)].map((text) => text.textContent).join(" "));

  function* texts(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (walker.currentNode.textContent.trim() && !parent.closest(".notes, .katex-mathml, script, style")) {
        yield walker.currentNode;
      }
    }
  }

  function boxes(node) {
    if (node.nodeType !== Node.TEXT_NODE) return [node.getBoundingClientRect()];
    const range = document.createRange();
    range.selectNodeContents(node);
    return [...range.getClientRects()].filter((box) => box.width && box.height);
  }

  /** The side on which a box is furthest outside the frame, and by how many of the slide's pixels. */
  function outside(box, frame, scale) {
    const over = {
      above: frame.top - box.top,
      below: box.bottom - frame.bottom,
      "to the left": frame.left - box.left,
      "to the right": box.right - frame.right,
    };
    const [side, pixels] = Object.entries(over).sort((a, b) => b[1] - a[1])[0];
    return [side, pixels / scale];
  }

  const overlap = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;

  /** The worst of each kind of fault on a slide. */
  function faults(slide) {
    const scale = Reveal.getScale();
    const frame = slide.getBoundingClientRect();
    const pictures = [...slide.querySelectorAll("img")];
    const worst = {};
    const note = (kind, weight, text) => {
      if (!(worst[kind]?.weight >= weight)) worst[kind] = { weight, text: `${kind}: ${text}` };
    };
    for (const node of [...texts(slide), ...pictures]) {
      const text = shorten(node.alt ?? node.textContent);
      for (const box of boxes(node)) {
        const [side, pixels] = outside(box, frame, scale);
        if (pixels > 1) note("outside the slide", pixels, `${Math.round(pixels)} px ${side}, "${text}"`);
        const covered = node.nodeType === Node.TEXT_NODE && pictures.some((picture) => overlap(box, boxes(picture)[0]));
        if (covered) note("on a picture", 0, `"${text}"`);
      }
    }
    for (const node of texts(slide)) {
      const text = shorten(node.textContent);
      const element = node.parentElement.closest(".katex")?.parentElement ?? node.parentElement;
      const points = parseFloat(getComputedStyle(element).fontSize) * 0.75;
      if (points < SMALLEST) note("too small", -points, `${points.toFixed(1)} pt, "${text}"`);
      const plain = !element.closest("pre, code, .katex, .mathjax_ignore");
      if (plain && RAW.test(node.textContent)) note("maths left raw", 0, text);
    }
    for (const error of slide.querySelectorAll(".katex-error")) note("maths with an error", 0, error.title);
    for (const picture of pictures) {
      const points = Number(picture.dataset.smallestText) * picture.width * 0.75;
      if (points < SMALLEST - 0.05) note("too small", -points, `${points.toFixed(1)} pt in a picture, "${shorten(picture.alt)}"`);
      if (!picture.alt.trim()) note("a picture without a text alternative", 0, picture.src);
      if (!picture.naturalWidth) note("a picture that is not there", 0, picture.src);
    }
    return Object.values(worst).map((fault) => fault.text);
  }

  // All slides at once, each where it stands when its turn comes: quicker than going from one to the next.
  const style = document.createElement("style");
  style.textContent = ".reveal .slides section { display: block !important; transform: none !important; }";
  document.head.append(style);
  const slides = Reveal.getSlides().map((slide, index) => ({
    number: index + 1,
    words: words(slide),
    over: Number(slide.dataset.over),
    faults: faults(slide),
  }));
  style.remove();
  return slides;
}
