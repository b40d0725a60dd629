// Sets the maths, lays each slide out on as many pages as it needs, and starts reveal.js.

const DELIMITERS = [
  { left: "$$", right: "$$", display: true },
  { left: "\\[", right: "\\]", display: true },
  { left: "$", right: "$", display: false },
  { left: "\\(", right: "\\)", display: false },
  ...["equation", "align", "align*", "gather", "gather*"].map((name) => ({
    left: `\\begin{${name}}`,
    right: `\\end{${name}}`,
    display: true,
  })),
];

function setMaths() {
  const options = { delimiters: DELIMITERS, ignoredClasses: ["mathjax_ignore"], throwOnError: false, strict: false };
  const ignoredTags = ["pre", "code"];
  renderMathInElement(document.querySelector(".slides"), { ...options, ignoredTags: [...ignoredTags, "aside"] });
  for (const notes of document.querySelectorAll("aside.notes")) {
    renderMathInElement(notes, { ...options, ignoredTags, output: "mathml" }); // no style sheet in the speaker's window
  }
}

const HEADING = "h1, h2, h3";
const KEPT = `.notes, thead, summary, ${HEADING}`; // no page has nothing else
const DIVISIBLE = ".cell, .output, .output div, ul, ol, table, tbody, details";
const FULL = 610; // what is taller than this would not fit on any page under a heading

const tooTall = (page) => page.scrollHeight > page.clientHeight;
const isOnlyHeading = (cell) => cell.matches(".cell") && [...cell.children].every((child) => child.matches(HEADING));
const isContent = (node) => !node.matches(KEPT) && !isOnlyHeading(node);

function height(node) {
  const boxes = [node, ...node.querySelectorAll("*")].map((part) => part.getBoundingClientRect());
  return Math.max(...boxes.map((box) => box.bottom)) - boxes[0].top;
}

/**
 * Moves children of `source` to `target`, which stands on `page`, while they fit; the first that does not is divided
 * if it fits on no page, or if the page is `blank`. Returns whether the page is blank still.
 */
function fill(target, source, page, blank) {
  for (const child of [...source.children]) {
    target.append(child);
    if (tooTall(page)) {
      const long = height(child) > FULL;
      source.prepend(child);
      if (child.matches(DIVISIBLE) && (long || blank)) blank = divide(child, target, page, blank);
      if (blank) target.append(child); // too tall, and the checker says so
      return false;
    }
    blank &&= !isContent(child);
  }
  return blank;
}

/** Moves the beginning of `node` into a copy of it at the end of `target`. Returns whether the page is blank still. */
function divide(node, target, page, blank) {
  const copy = node.cloneNode(false);
  target.append(copy);
  blank = fill(copy, node, page, blank);
  if ([...copy.children].some(isContent)) {
    if (node.tagName === "OL") node.start += copy.children.length;
    node.prepend(...[...copy.children].filter((child) => child.matches("thead, summary")).map((child) => child.cloneNode(true)));
  } else {
    node.prepend(...copy.childNodes);
    copy.remove();
  }
  return blank;
}

/** The pages of one slide: what is too tall goes on under the same heading. */
function paginate(slide, bench) {
  bench.replaceChildren(slide);
  slide.dataset.over = Math.max(0, slide.scrollHeight - slide.clientHeight);
  if (!tooTall(slide)) return [slide];
  const heading = slide.querySelector(`.markdown:first-child > :is(${HEADING})`);
  const pages = [];
  while ([...slide.children].some(isContent)) {
    const page = slide.cloneNode(false);
    bench.replaceChildren(page);
    if (pages.length) {
      page.dataset.over = 0;
      if (heading) page.append(again(heading));
      slide.firstElementChild.classList.remove("fragment");
    }
    fill(page, slide, page, true);
    pages.push(page);
  }
  pages.at(-1).append(...slide.children);
  return pages;
}

/** A picture that nothing stands beside or under takes the room that is left. */
function enlarge(page) {
  const picture = page.querySelector(".cell:not(:has(~ .cell)) .output:last-child img");
  if (!picture) return;
  const room = page.getBoundingClientRect().top + 720 - 46 - picture.getBoundingClientRect().bottom;
  const factor = Math.min(1224 / picture.width, 1 + room / picture.height);
  if (factor < 1) return;
  picture.style.height = `${picture.height * factor}px`;
  picture.style.width = `${picture.width * factor}px`;
}

function again(heading) {
  const copy = document.createElement("h2");
  copy.className = "again";
  copy.append(...heading.cloneNode(true).childNodes);
  return copy;
}

/** Each slide of the print view beside its notes, `count` to a sheet of A4. */
function makeHandout(count) {
  document.documentElement.classList.add("handout", `handout-${count}`);
  const style = document.createElement("style");
  style.textContent = "@page { size: A4; margin: 14mm 12mm; }";
  document.head.append(style);
  for (const sheet of document.querySelectorAll(".pdf-page")) {
    const row = document.createElement("div");
    row.className = "row";
    const notes = document.createElement("div");
    notes.className = "beside";
    for (const aside of sheet.querySelectorAll(".notes")) notes.append(...aside.childNodes);
    sheet.replaceWith(row);
    row.append(sheet, notes);
  }
}

async function start() {
  setMaths();
  for (const part of document.querySelectorAll("details")) part.open = true;
  await document.fonts.ready;
  const bench = document.createElement("div");
  bench.id = "bench";
  document.body.append(bench);
  for (const slide of document.querySelectorAll("section.page")) {
    const mark = document.createComment("");
    slide.replaceWith(mark);
    const pages = paginate(slide, bench);
    for (const page of pages) {
      bench.replaceChildren(page);
      enlarge(page);
    }
    mark.replaceWith(...pages);
  }
  bench.remove();
  const handout = new URLSearchParams(location.search).get("handout");
  if (handout) document.querySelector(".reveal").addEventListener("pdf-ready", () => makeHandout(handout));
  await Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    center: false,
    controls: false,
    hash: true,
    navigationMode: "linear",
    pdfMaxPagesPerSlide: 1, // a slide that is a pixel too high by rounding would get a second page
    pdfSeparateFragments: false,
    plugins: [RevealNotes],
    progress: true,
    slideNumber: "c/t",
    transition: "none",
  });
}

start();
