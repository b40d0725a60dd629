// Sets the maths, lays each slide out on as many pages as it needs, and starts reveal.js.

const DELIMITERS = [
  { left: "$$", right: "$$", display: true },
  { left: "\\[", right: "\\]", display: true },
  { left: "$", right: "$", display: false },
  { left: "\\(", right: "\\)", display: false },
];

function setMaths() {
  const options = { delimiters: DELIMITERS, ignoredClasses: ["mathjax_ignore"], throwOnError: false };
  const ignoredTags = ["pre", "code"];
  renderMathInElement(document.querySelector(".slides"), { ...options, ignoredTags: [...ignoredTags, "aside"] });
  for (const notes of document.querySelectorAll("aside.notes")) {
    renderMathInElement(notes, { ...options, ignoredTags, output: "mathml" }); // no style sheet in the speaker's window
  }
}

const HEADING = "h1, h2, h3";
const DIVISIBLE = ".cell, .output, .output div, ul, ol, table, tbody, details";

const tooTall = (page) => page.scrollHeight > page.clientHeight;

/** The children of a node of which one has to stay on its page: all but notes and headings. */
const movable = (node) =>
  [...node.children].filter((child) => !child.matches(`.notes, thead, summary, ${HEADING}`) && !isHeadingOnly(child));

const isHeadingOnly = (cell) => cell.matches(".markdown") && [...cell.children].every((child) => child.matches(HEADING));

/** Moves the end of `node` into a copy of it, which is returned, until the page is no longer too tall. */
function cut(node, page) {
  const rest = node.cloneNode(false);
  while (tooTall(page) && movable(node).length > 1) rest.prepend(node.lastElementChild);
  const last = movable(node).at(-1);
  if (tooTall(page) && last?.matches(DIVISIBLE)) rest.prepend(cut(last, page));
  if (node.tHead) rest.prepend(node.tHead.cloneNode(true));
  if (node.tagName === "OL") rest.start = node.start + node.children.length;
  return rest;
}

/** The pages of one slide: what is too tall goes on under the same heading. */
function paginate(slide, bench) {
  const heading = slide.querySelector(`.markdown:first-child > :is(${HEADING})`);
  const pages = [];
  for (let rest = slide; rest; ) {
    const page = rest;
    bench.replaceChildren(page);
    page.dataset.over = page === slide ? Math.max(0, page.scrollHeight - page.clientHeight) : 0;
    rest = cut(page, page);
    pages.push(page);
    if (!movable(rest).length) break;
    movable(rest)[0].classList.remove("fragment");
    if (heading) rest.prepend(again(heading));
  }
  return pages;
}

function again(heading) {
  const copy = document.createElement("h2");
  copy.className = "again";
  copy.append(...heading.cloneNode(true).childNodes);
  return copy;
}

async function start() {
  setMaths();
  await document.fonts.ready;
  const bench = document.createElement("div");
  bench.id = "bench";
  document.body.append(bench);
  for (const slide of document.querySelectorAll("section.page")) {
    const mark = document.createComment("");
    slide.replaceWith(mark);
    mark.replaceWith(...paginate(slide, bench));
  }
  bench.remove();
  await Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    controls: false,
    hash: true,
    navigationMode: "linear",
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
    progress: true,
    slideNumber: "c/t",
    transition: "none",
  });
}

start();
