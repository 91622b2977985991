// The picture and its controls: one module on anywidget's contract, `render({ model, el })`.
//
// The model has `lesson`, `choices` and `words` (the document of `lesson_document`), and answers
// what is sent to it: `model.send({ id, call: "target" | "laws" | "draw", content })` comes back as
// `msg:custom` with the same id and an `answer` or an `error`; or, where nobody answers, with words in
// `lost`, and is sent again. Where it has `replay`, what is answered was drawn beforehand, on the values
// of its `grid` alone; a draw behind the last shot of it is answered by `ended`. With `hash`, the address holds the setting, and a reload keeps what was answered.

const SVG = "http://www.w3.org/2000/svg";
const FIELDS = ["scores", "beta", "preparation", "field", "phase", "reading", "noise"];
const NUMBERS = {
  beta: { min: 0.05, max: 5, step: 0.05 },
  field: { min: 0, max: 3, step: 0.05 },
  phase: { min: 0, max: 6.28, step: 0.02 },
  noise: { min: 0, max: 0.2, step: 0.005 },
};
const PLAIN = { beta: 1, preparation: "Purification", field: 0, phase: 0, reading: "keys", noise: 0 };
const BATCHES_A_SECOND = 4;
const MOST_SHOTS = 20000;
const REST = 150; // milliseconds that a setting rests before its circuit is built
const AGAIN = 1000; // milliseconds until a server that does not answer is asked again

function h(tag, given = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

function s(tag, given = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(given)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// What is written again is an event for a screen reader, though nothing changed: it drowns the news.
const put = (node, text) => node.textContent === text || (node.textContent = text);
const able = (node, is) => node.disabled !== is || (node.disabled = !is);
const mark = (node, name, value) =>
  node.getAttribute(name) === `${value}` || node.setAttribute(name, value);

/** Whether what an element stands on is dark: a notebook has a look of its own, whatever the system's is. */
function onDark(el) {
  // It reads colours in any notation.
  const sheet = h("canvas", { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  for (let at = el.parentNode; at; at = at.parentNode ?? at.host) {
    if (!(at instanceof Element)) continue;
    sheet.fillStyle = getComputedStyle(at).backgroundColor;
    sheet.clearRect(0, 0, 1, 1);
    sheet.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = sheet.getImageData(0, 0, 1, 1).data;
    if (alpha > 127) return 0.3 * red + 0.59 * green + 0.11 * blue < 128;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

const short = (x) =>
  x == null ? "–" : x === 0 ? "0" : Math.abs(x) < 1e-4 ? x.toExponential(1) : String(+x.toPrecision(3));
const pText = (p) => (p < 1e-300 ? "< 1e-300" : short(p));
const whole = (x) => x.toLocaleString("en");

function render({ model, el }) {
  const words = model.get("words");
  const { steps } = model.get("lesson");
  const choices = model.get("choices");
  const replay = model.get("replay");
  // Two of them may stand in one notebook: each has names of its own.
  const me = `qcattn-${Math.random().toString(36).slice(2)}`;
  const t = (name, values = {}) =>
    words[name].replace(/\{(\w+)\}/g, (all, key) => (key in values ? values[key] : all));

  // What the student has set, and what was drawn of it.
  const own = { ...PLAIN, scores: [0, 1], tokens: null, seed: 1, rate: 200, step: steps[0].name };
  const predicted = Object.create(null); // a step may be called `constructor`
  const done = Object.create(null);
  let target = null; // of the counts, which no circuit is needed for
  let laws = null; // of the circuit
  let refused = false;
  let unread = "";
  let owed = 0;
  let drawn = null;
  let trace = [];
  let number = 0;
  let running = false;
  let named = true;
  let timer = null;

  // Requests: a change begins a new generation, and replies to an older one are dropped.
  let generation = 0;
  let nextId = 0;
  let drawing = false;
  let alone = false; // nobody answered the last request
  const pending = new Map();

  const setup = () => Object.fromEntries(FIELDS.map((name) => [name, own[name]]));
  const current = () => steps.find((step) => step.name === own.step);
  const keyName = (place) => own.tokens?.[place]?.trim() || t("key", { number: place + 1 });

  function ask(call, content, then) {
    const id = `${(nextId += 1)}`;
    pending.set(id, { generation, then, call, content });
    model.send({ id, call, content });
  }
  function heard(reply) {
    const asked = pending.get(reply.id);
    if (!asked) return;
    const { id, lost } = reply;
    const timely = asked.generation === generation;
    if (lost) error.textContent = lost;
    else if (alone) error.textContent = unread;
    alone = Boolean(lost);
    if (lost && timely) {
      const { call, content } = asked;
      setTimeout(() => pending.has(id) && model.send({ id, call, content }), AGAIN);
      return;
    }
    pending.delete(id);
    asked.then(reply, timely);
  }

  // ---- the page ---------------------------------------------------------------------------------
  const status = h("p", { class: "hidden", role: "status", "aria-live": "polite" });
  const error = h("p", { class: "error", role: "alert" });
  const drawButton = h("button", { class: "main", type: "button", onclick: toggle }, t("draw"));
  const oneButton = h("button", { type: "button", onclick: () => batch(1) }, t(replay ? "replay_one" : "one"));
  const anewButton = h("button", { type: "button", onclick: () => changed() }, t("anew"));
  const drawWords = h("p", { class: "quiet message" });
  const waitWords = h("p", { class: "quiet message" });
  const endWords = h("p", { class: "message" });
  const endPart = h(
    "div",
    { class: "used-up", hidden: true },
    endWords,
    h("div", { class: "buttons" }, h("button", { type: "button", onclick: replayAgain }, t("replay_again"))),
  );

  const stepList = h("ol", { class: "steps", "aria-label": t("steps") });
  const stepBody = h("div");
  const lessonPart = h(
    "section",
    { class: "lesson", "aria-labelledby": `${me}-lesson` },
    h("h2", { id: `${me}-lesson` }, model.get("lesson").title),
    stepList,
    stepBody,
  );

  const controls = {};
  const scoreBox = h("fieldset", {}, h("legend", {}, t("scores")));
  const scoreRows = h("div");
  scoreBox.append(scoreRows);

  /** A slider over a range, or over the places of the values of a list. */
  function slider(name, label, { min, max, step, values }, change) {
    const output = h("span", { class: "value" }); // an `output` would be read aloud at every move
    const input = h("input", { type: "range", min, max, step, name, id: `${me}-${name}` });
    if (values) Object.assign(input, { min: 0, max: values.length - 1, step: 1 });
    input.addEventListener("input", () => change(values ? values[input.value] : Number(input.value)));
    const box = h(
      "div",
      { class: "control" },
      h("div", { class: "line" }, h("label", { for: `${me}-${name}` }, label), output),
      input,
    );
    const show = (value) => {
      put(output, short(value));
      if (values) {
        const far = values.map((one) => Math.abs(one - value));
        input.value = far.indexOf(Math.min(...far));
        mark(input, "aria-valuetext", short(value));
        return;
      }
      input.min = Math.min(min, value);
      input.max = Math.max(max, value);
      input.value = value;
    };
    return { box, input, show };
  }
  function choice(name, label, options, change) {
    const select = h("select", { id: `${me}-${name}`, name });
    for (const [value, text] of options) select.append(h("option", { value }, text));
    select.addEventListener("change", () => change(select.value));
    const box = h("div", { class: "control" }, h("label", { for: `${me}-${name}` }, label), select);
    // A choice that is made again is read aloud again.
    return { box, input: select, show: (value) => select.value === value || (select.value = value) };
  }
  function numberBox(name, label, given, now, change) {
    const input = h("input", { type: "number", id: `${me}-${name}`, name, ...given });
    input.addEventListener("change", () => change(input.value === "" ? NaN : Number(input.value)));
    const box = h("div", { class: "control" }, h("label", { for: `${me}-${name}` }, label), input);
    // What is being typed is left alone while shots come in.
    const show = (value) => input.matches(":focus") || (input.value = value);
    input.addEventListener("blur", () => show(now()));
    return { box, input, show };
  }

  for (const [name, range] of Object.entries(NUMBERS)) {
    const values = replay?.grid[name];
    controls[name] = slider(name, t(name), { ...range, values }, (value) => changed({ [name]: value }));
  }
  controls.rate = slider("rate", t("rate"), { min: 0, max: 4.9, step: 0.05 }, (power) => {
    own.rate = Math.round(10 ** power);
    show();
  });
  const rateOutput = controls.rate.box.querySelector(".value");
  const rowNames = [["", t("row_own")], ...choices.rows.map((row) => [row.name, row.name])];
  controls.row = choice("row", t("row"), rowNames, (name) => {
    const row = choices.rows.find((one) => one.name === name);
    changed(row ? { scores: [...row.scores], tokens: row.tokens } : { tokens: null });
  });
  controls.keys = numberBox("keys", t("keys"), { min: 1, max: choices.most_keys }, () => own.scores.length, (keys) => {
    const most = choices.most_keys;
    if (Number.isInteger(keys) && keys >= 1 && keys <= most) {
      changed({ tokens: null, scores: Array.from({ length: keys }, (_, place) => own.scores[place] ?? 0) });
      return;
    }
    unread = t("no_keys", { most, given: Number.isNaN(keys) ? t("nothing") : keys });
    error.textContent = unread;
  });
  controls.preparation = choice(
    "preparation",
    t("preparation"),
    choices.preparations.map((name) => [name, name]),
    (preparation) => changed({ preparation }),
  );
  const readings = ["keys", "turned"].map((name) => [name, t(`reading_${name}`)]);
  controls.reading = choice("reading", t("reading"), readings, (reading) => changed({ reading }));
  controls.seed = numberBox("seed", t("seed"), { min: 0, step: 1 }, () => own.seed, (seed) =>
    Number.isNaN(seed) || changed({ seed }),
  );

  const file = h("input", { type: "file", accept: ".json", hidden: true });
  file.addEventListener("change", async () => {
    const [first] = file.files;
    if (!first) return;
    const text = await first.text();
    take(() => JSON.parse(text));
    file.value = "";
  });
  const copied = h("p", { class: "quiet message", role: "status" });
  const settings = h(
    "section",
    { class: "settings", "aria-labelledby": `${me}-settings` },
    h("h2", { id: `${me}-settings` }, t("settings")),
    ...(replay
      ? [h("p", {}, t("replay_about", { shots: whole(replay.shots), aer: replay.aer, seed: replay.seed }))]
      : [
          controls.preparation.box,
          controls.reading.box,
          scoreBox,
          controls.row.box,
          controls.keys.box,
          controls.field.box,
          h("p", { class: "quiet" }, t("field_about")),
          controls.phase.box,
          controls.seed.box,
        ]),
    h("h3", {}, t("share_setup")),
    h(
      "div",
      { class: "buttons" },
      model.get("hash")
        ? h("button", { type: "button", onclick: copy }, t("copy"))
        : "",
      h("button", { type: "button", onclick: () => keep("setting.json", "application/json", JSON.stringify(own, null, 1)) }, t("save")),
      h("button", { type: "button", onclick: () => file.click() }, t("load")),
      file,
    ),
    copied,
  );

  const pictures = {
    counts: h("div"),
    ladder: h("div"),
    trace: h("div"),
    herald: h("div"),
  };
  const countsAbout = h("p", { class: "quiet" });
  const heraldAbout = h("p", { class: "quiet" });
  const bandLegend = h("span", { class: "is-band" });
  const expectedLegend = h("span", { class: "is-expected" });
  const traceLegend = h("div", { class: "legend", "aria-hidden": "true" }); // its picture is called so
  const table = h("table");
  const lines = { of_circuit: [h("dd"), h("dd", { class: "number" })], of_twin: [h("dd"), h("dd", { class: "number" })] };
  const verdict = h("dl", { class: "verdict" }, ...Object.keys(lines).flatMap((of) => [h("dt", {}, t(of)), ...lines[of]]));
  const verdictAbout = h("p", { class: "quiet" }, t("verdict_about", { alpha: "1%" }));
  const circuit = h("pre", { role: "img", "aria-label": t("circuit_text") });
  const circuitList = h("ol");
  const circuitAbout = h("p", { class: "quiet" });
  const panel = (name, ...children) =>
    h("section", { "aria-labelledby": `${me}-of-${name}` }, h("h2", { id: `${me}-of-${name}` }, t(name)), ...children);
  const picturePart = h(
    "div",
    { class: "pictures stack" },
    panel(
      "counts",
      h("div", { class: "buttons" }, drawButton, oneButton, anewButton),
      drawWords,
      waitWords,
      endPart,
      error,
      h("div", { class: "trio" }, controls.beta.box, controls.noise.box, replay ? "" : controls.rate.box),
      h("p", { class: "quiet" }, t("noise_about")),
      h(
        "div",
        { class: "legend", "aria-hidden": "true" },
        h("span", { class: "is-circuit" }, t("circuit_bar")),
        h("span", { class: "is-twin" }, t("twin_bar")),
        expectedLegend,
        bandLegend,
      ),
      pictures.counts,
      countsAbout,
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", onclick: saveSvg }, t("svg")),
        h("button", { type: "button", onclick: savePng }, t("png")),
        h("button", { type: "button", onclick: saveCsv }, t("csv")),
      ),
      h(
        "details",
        {},
        h("summary", {}, t("table")),
        h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("table") }, table),
      ),
    ),
    h(
      "div",
      { class: "stack pair" },
      panel("verdict", verdict, verdictAbout),
      panel("herald", pictures.herald, heraldAbout),
      panel("distance", traceLegend, pictures.trace, h("p", { class: "quiet" }, t("distance_about"))),
      panel("ladder", pictures.ladder, h("p", { class: "quiet" }, t("ladder_about"))),
    ),
    panel(
      "circuit",
      circuitAbout,
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("circuit_text") }, circuit),
      h("details", {}, h("summary", {}, t("circuit_list")), circuitList),
    ),
  );

  el.classList.add("qcattn");
  el.replaceChildren(
    h("h1", {}, t("title")),
    h("p", {}, t("lead")),
    status,
    h("div", { class: "columns" }, lessonPart, picturePart, settings),
  );

  // ---- changes ----------------------------------------------------------------------------------
  function changed(change = {}) {
    Object.assign(own, change);
    generation += 1;
    clearTimeout(rest);
    refused = false;
    owed = 0;
    endPart.hidden = true;
    if (unread) error.textContent = "";
    unread = "";
    if ("scores" in change || "reading" in change || "field" in change) laws = null;
    target = foreseen();
    drawn = null;
    trace = [];
    number = 0;
    remember();
    show();
    askTarget();
  }

  /** The target as far as the energies that are known give it: a drag is seen before a server answers. */
  function foreseen() {
    const known = target?.setup;
    const alike = known && known.reading === own.reading && known.field === own.field &&
      known.scores.length === own.scores.length;
    if (!alike) return null;
    let { energies } = target;
    if (JSON.stringify(known.scores) !== JSON.stringify(own.scores)) {
      if (energies.length > own.scores.length) return null; // that of the padding follows from the scores
      energies = own.scores.map((score) => -score);
    }
    const lowest = Math.min(...energies);
    const weights = energies.map((energy) => Math.exp(own.beta * (lowest - energy)));
    const sum = weights.reduce((one, other) => one + other);
    const softmax = weights.map((weight) => weight / sum);
    const expected = own.reading === "keys" ? softmax : target.expected;
    return { ...target, setup: setup(), energies, softmax, expected };
  }

  /** Asks one question at a time: a drag asks again for where it is when the last answer has come. */
  function asking(call, then) {
    let waits = false;
    let again = false;
    return function question() {
      again = waits;
      if (waits) return;
      waits = true;
      ask(call, setup(), (reply, timely) => {
        waits = false;
        if (again) question();
        if (!timely) return;
        put(error, reply.error ? t("error", { error: reply.error }) : unread);
        refused = Boolean(reply.error);
        then(reply.answer ?? null);
        if (refused) stop();
        show();
      });
    };
  }
  // The target is seen before the circuit is built, which may take a second and waits for a drag to rest.
  let rest = null;
  const askLaws = asking("laws", (answer) => {
    laws = answer;
    if (answer && owed) batch(owed);
  });
  const askTarget = asking("target", (answer) => {
    target = answer;
    if (answer) rest = setTimeout(askLaws, REST);
    else laws = null;
  });

  function batch(shots) {
    if (drawing || refused || !predicted[own.step]) return;
    owed = law() ? 0 : shots; // a shot that is asked for before its circuit is built is drawn then
    if (!law()) return;
    drawing = true;
    const step = current();
    const mark = step && !done[step.name] && meets(step) ? step.mark : null;
    const content = {
      setup: setup(),
      shots: Math.min(shots, laws.at_once), // a long circuit that runs for every shot comes in smaller batches
      seed: own.seed,
      number,
      before: drawn?.circuit.totals ?? null,
      twin_before: drawn?.twin.totals ?? null,
      mark,
    };
    ask("draw", content, (reply, timely) => {
      drawing = false;
      if (!timely) return;
      if (reply.ended) {
        stop();
        endWords.textContent = t("replay_end", { shots: whole(replay.shots) });
        endPart.hidden = false;
        say(endWords.textContent);
        return;
      }
      if (reply.error) {
        error.textContent = t("error", { error: reply.error });
        stop();
        return;
      }
      number += 1;
      const before = drawn;
      drawn = reply.answer;
      if (drawn.circuit.kept) {
        const { kept, variation, chance } = drawn.circuit;
        trace.push({ kept, variation, chance, twin: drawn.twin.variation });
      }
      const ticked = Boolean(drawn.mark?.passed && meets(step));
      if (ticked) {
        done[step.name] = true;
        keepAnswers();
        showStep();
      }
      // A reply that comes after a pause, or to one shot by itself, is the last for a while.
      const told = [...(ticked ? [t("step_done")] : []), ...(running ? news(before) : [summary()])];
      say(...told);
      // A picture is called anew where there is news: the name of one that moves would hide the news.
      named = !running || told.length > 0;
      show();
      named = true;
    });
  }

  function toggle() {
    if (running) {
      stop(t("paused"));
      return;
    }
    running = true;
    say(t("started"));
    loop();
    show();
  }
  /** Shots of one batch, as many as the rate asks for. */
  const wanted = () => Math.min(MOST_SHOTS, Math.max(1, Math.round(own.rate / BATCHES_A_SECOND)));
  function replayAgain() {
    changed();
    toggle();
    drawButton.focus();
  }
  function loop() {
    if (!running) return;
    batch(wanted());
    timer = setTimeout(loop, Math.max(1000 / own.rate, 1000 / BATCHES_A_SECOND));
  }
  function stop(text = "") {
    running = false;
    clearTimeout(timer);
    drawWords.textContent = text;
    if (text) say(text, ...(drawn ? [summary()] : []));
    show();
  }

  /** What a screen reader says next: whole sentences, and all of one moment at once. */
  function say(...sentences) {
    if (sentences.length) status.textContent = sentences.join(" ");
  }
  /** What is worth saying while shots come in: another verdict, or ten times as many shots. */
  function news(before) {
    const turned = ["circuit", "twin"].some((of) => drawn[of].refuted !== (before?.[of].refuted ?? false));
    const digits = (of) => (of?.circuit.kept ? `${of.circuit.kept}`.length : 0);
    if (turned) return [t("turned"), summary()];
    return digits(drawn) > digits(before) && digits(drawn) > 1 ? [summary()] : [];
  }
  const standing = (of) =>
    !of?.shots ? t("verdict_none") : of.refuted ? t("verdict_differs") : t("verdict_open");
  function summary() {
    const of = drawn.circuit;
    if (!of.kept) return t("none_kept");
    return t("summary", {
      kept: whole(of.kept),
      variation: short(of.variation),
      chance: short(of.chance),
      verdict: t(of.refuted ? "said_differs" : "said_open"),
      p_value: pText(of.p_value),
      twin_verdict: t(drawn.twin.refuted ? "said_differs" : "said_open"),
    });
  }

  // ---- the lesson -------------------------------------------------------------------------------
  function meets(step) {
    return FIELDS.every((name) => {
      const need = step.needs[name];
      if (Array.isArray(need)) return own[name] >= need[0] && own[name] <= need[1];
      if (need !== undefined) return own[name] === need;
      return JSON.stringify(own[name]) === JSON.stringify(step.setup[name]);
    });
  }

  function go(step) {
    stop();
    // The browser's own button leads back to the step before.
    if (model.get("hash") && own.step !== step.name) history.pushState(null, "", location.href);
    own.step = step.name;
    changed({ ...step.setup, scores: [...step.setup.scores], tokens: null });
    showStep();
  }

  /** Go to a step by a button that is drawn anew: the focus goes on from the step's heading. */
  function lead(step) {
    go(step);
    stepBody.querySelector("h3").focus();
  }

  function showStep() {
    const step = current() ?? steps[0];
    const place = steps.indexOf(step);
    stepList.replaceChildren(
      ...steps.map((one, at) =>
        h(
          "li",
          {},
          h(
            "button",
            {
              type: "button",
              class: done[one.name] ? "done" : null,
              "aria-current": one === step ? "step" : null,
              "aria-label": `${at + 1}. ${one.title}, ${t(done[one.name] ? "done" : "open")}`,
              onclick: () => {
                go(one);
                stepList.querySelector("[aria-current]").focus();
              },
            },
            done[one.name] ? `${at + 1} ✓` : `${at + 1}`,
          ),
        ),
      ),
    );
    const kept = predicted[step.name];
    const options = Object.entries(step.choices).map(([name, text]) => {
      const input = h("input", { type: "radio", name: `${me}-prediction`, value: name, disabled: Boolean(kept), checked: kept === name });
      return h("label", {}, input, h("span", {}, text));
    });
    const keepButton = h("button", { type: "button" }, t("predict"));
    const keepWords = h("p", { class: "quiet message", role: "status" });
    const question = h(
      "fieldset",
      { class: "question", "aria-labelledby": `${me}-asked ${me}-question` },
      h("legend", { id: `${me}-asked` }, t("question")),
      h("p", { id: `${me}-question` }, step.question),
      ...options,
      done[step.name] ? "" : kept ? h("p", { class: "quiet" }, t("predicted")) : h("div", { class: "buttons" }, keepButton),
      keepWords,
    );
    keepButton.addEventListener("click", () => {
      const chosen = question.querySelector("input:checked");
      if (!chosen) {
        keepWords.textContent = t("predict_first");
        return;
      }
      predicted[step.name] = chosen.value;
      keepAnswers();
      drawWords.textContent = "";
      showStep();
      show();
      drawButton.focus();
    });
    const { kind, alpha, within } = step.mark;
    const next = drawn?.mark?.next ?? step.mark.shots;
    const test = t(`mark_${kind}`, { alpha: short(alpha), within: short(within), next: whole(next) });
    const shown = [
      h("p", { class: "quiet" }, t("step_of", { number: place + 1, total: steps.length })),
      h("h3", { tabindex: -1 }, step.title),
      h("p", {}, step.text),
      question,
    ];
    if (done[step.name]) {
      shown.push(
        h(
          "div",
          { class: "done-words" },
          h("p", {}, h("strong", {}, t(kept === step.right ? "right" : "wrong"))),
          h("p", {}, step.because),
          h("p", { class: "quiet" }, t("step_done")),
        ),
      );
    } else {
      shown.push(h("p", { class: "quiet test" }, test));
    }
    needsWords = h("p", { class: "quiet message" });
    shown.push(
      needsWords,
      h(
        "div",
        { class: "buttons" },
        h("button", { type: "button", disabled: place === 0, onclick: () => lead(steps[place - 1]) }, t("previous")),
        h("button", { type: "button", disabled: place === steps.length - 1, onclick: () => lead(steps[place + 1]) }, t("next")),
        h("button", { type: "button", onclick: () => lead(step) }, t("restore_step")),
      ),
    );
    stepBody.replaceChildren(...shown);
  }
  let needsWords = h("p");

  // ---- what is seen -----------------------------------------------------------------------------
  let widths = {};
  function show() {
    // All at once and before anything is written: the browser lays out the page once.
    widths = Object.fromEntries(Object.entries(pictures).map(([name, box]) => [name, box.clientWidth]));
    for (const name of Object.keys(NUMBERS)) controls[name].show(own[name]);
    controls.rate.input.value = Math.log10(own.rate);
    put(rateOutput, whole(own.rate));
    mark(controls.rate.input, "aria-valuetext", whole(own.rate));
    controls.preparation.show(own.preparation);
    controls.reading.show(own.reading);
    controls.keys.show(own.scores.length);
    controls.seed.show(own.seed);
    controls.row.show(
      choices.rows.find((row) => JSON.stringify(row.tokens) === JSON.stringify(own.tokens) &&
        JSON.stringify(row.scores) === JSON.stringify(own.scores))?.name ?? "",
    );
    showScores();
    put(drawButton, t(running ? "pause" : "draw"));
    const ready = Boolean(!refused && predicted[own.step]);
    able(drawButton, ready || running);
    able(oneButton, ready && !running);
    able(anewButton, Boolean(drawn));
    put(waitWords, waiting());
    if (!predicted[own.step] && !drawWords.textContent) drawWords.textContent = t("predict_first");
    const step = current();
    put(needsWords, !step || done[step.name] || meets(step) ? "" : t("needs"));
    const next = drawn?.mark?.next;
    const testWords = stepBody.querySelector(".test");
    if (next && testWords && step) {
      const { kind, alpha, within } = step.mark;
      put(testWords, t(`mark_${kind}`, { alpha: short(alpha), within: short(within), next: whole(next) }));
    }
    showCounts();
    showVerdict();
    showHerald();
    showTrace();
    showLadder();
    showCircuit();
  }

  /** Why shots do not come at once, or not as many as are asked for. */
  function waiting() {
    if (running && !law()) return t("building");
    if (replay || !law() || laws.at_once >= wanted()) return "";
    return t("slow", { depth: whole(laws.depth), number: whole(laws.at_once) });
  }

  function showScores() {
    const bound = Math.max(5, ...own.scores.map((x) => Math.ceil(Math.abs(x))));
    if (scoreRows.children.length !== own.scores.length) {
      scoreRows.replaceChildren(
        ...own.scores.map((_, place) => {
          const one = slider(`score-${place}`, "", { min: -5, max: 5, step: 0.1 }, (value) =>
            changed({ scores: own.scores.map((x, at) => (at === place ? value : x)) }),
          );
          return one.box;
        }),
      );
    }
    own.scores.forEach((value, place) => {
      const box = scoreRows.children[place];
      const input = box.querySelector("input");
      input.min = -bound;
      input.max = bound;
      input.step = own.tokens ? 0.001 : 0.1;
      input.value = value;
      put(box.querySelector("label"), keyName(place));
      put(box.querySelector(".value"), short(value));
      mark(input, "aria-label", t("score", { key: keyName(place) }));
    });
  }

  /** What the circuit gives exactly, once it is known of this setting. */
  const law = () => (laws && JSON.stringify(laws.setup) === JSON.stringify(setup()) ? laws.law : null);

  function labels() {
    return target.outcomes.map((bits, place) => {
      if (own.reading === "turned") return { bits, name: bits };
      return { bits, name: place < own.scores.length ? keyName(place) : t("padding") };
    });
  }

  /** A picture drawn anew, and what gives it a name where it has none yet, or there is news. */
  function canvas(panel, height) {
    const box = pictures[panel];
    const width = Math.max(160, Math.round(widths[panel] || 600));
    const root = box.firstChild ?? box.appendChild(s("svg", { role: "img" }));
    mark(root, "viewBox", `0 0 ${width} ${height}`);
    // What is drawn anew at every batch is no news for a screen reader: it has the label.
    const svg = s("g", { "aria-hidden": "true" });
    root.replaceChildren(svg);
    const name = (text) => (named || !root.hasAttribute("aria-label")) && mark(root, "aria-label", text);
    return { svg, width, name };
  }

  /** Whether the names of the outcomes have no room side by side, so that they stand upright. */
  const narrow = (panel) => Boolean(target) && (widths[panel] || 600) / target.outcomes.length < 48;
  const cut = (name, letters) => (name.length > letters ? `${name.slice(0, letters - 1)}…` : name);
  const along = (x, y, text) =>
    s("text", { class: "quiet", "text-anchor": "end", transform: `translate(${x + 4} ${y}) rotate(-90)` }, text);

  function showCounts() {
    const which = own.reading === "turned" ? "turned" : "softmax";
    put(countsAbout, t(`counts_${which}`));
    put(bandLegend, t(`band_${which}`));
    put(expectedLegend, t(`expected_${which}`));
    const upright = narrow("counts");
    const height = upright ? 330 : 280;
    const { svg, width, name: tell } = canvas("counts", height);
    tell(drawn ? summary() : t("counts"));
    if (!target) {
      table.replaceChildren();
      return;
    }
    const left = 48, right = 8, top = 30, bottom = upright ? 100 : 46;
    const expected = target.expected;
    const shares = drawn?.circuit.kept ? drawn.circuit.totals.keys.map((k) => k / drawn.circuit.kept) : null;
    const twins = drawn ? drawn.twin.totals.keys.map((k) => k / drawn.twin.kept) : null;
    const highest = Math.max(...expected, ...(shares ?? [0]), ...(twins ?? [0]));
    const most = Math.min(1, Math.ceil(highest * 1.15 * 10) / 10);
    const y = (share) => top + (1 - share / most) * (height - top - bottom);
    const tick = most > 0.5 ? 0.2 : most > 0.2 ? 0.1 : 0.05;
    for (let share = 0; share <= most + 1e-9; share += tick) {
      const at = y(share);
      svg.append(
        s("line", { class: share ? "grid" : "axis", x1: left, x2: width - right, y1: at, y2: at }),
        s("text", { class: "quiet", x: left - 6, y: at + 4, "text-anchor": "end" }, short(share)),
      );
    }
    svg.append(s("text", { class: "quiet", x: 0, y: 14 }, t("share")));
    const room = (width - left - right) / expected.length;
    const bar = Math.min(44, room * 0.36);
    const names = labels();
    const letters = upright ? 8 : Math.max(2, Math.floor(room / 8));
    names.forEach(({ name, bits }, place) => {
      const middle = left + room * (place + 0.5);
      if (drawn?.circuit.low && shares) {
        const high = y(drawn.circuit.high[place]);
        const low = y(drawn.circuit.low[place]);
        svg.append(s("rect", { class: "band", x: middle - bar * 1.2, width: bar * 2.4, y: high, height: Math.max(1, low - high) }));
      }
      if (shares) {
        svg.append(
          s("rect", { class: "bar-circuit", x: middle - bar - 1, width: bar, y: y(shares[place]), height: y(0) - y(shares[place]) }),
          s("rect", { class: "bar-twin", x: middle + 1, width: bar, y: y(twins[place]), height: y(0) - y(twins[place]) }),
        );
      }
      const at = y(expected[place]);
      const clipped = cut(name, letters);
      svg.append(
        s("line", { class: "mark", x1: middle - bar * 1.2, x2: middle + bar * 1.2, y1: at, y2: at }),
        upright
          ? along(middle, height - bottom + 8, bits === name ? name : `${clipped} ${bits}`)
          : s("text", { x: middle, y: height - 24, "text-anchor": "middle" }, clipped, s("title", {}, name)),
      );
      if (bits !== name && !upright) {
        svg.append(s("text", { class: "quiet", x: middle, y: height - 8, "text-anchor": "middle" }, bits));
      }
    });
    const head = [t("outcome"), t(`expected_${which}`), t("law"), t("circuit_bar"), t("twin_bar")];
    table.replaceChildren(
      h("thead", {}, h("tr", {}, ...head.map((text) => h("th", { scope: "col" }, text)))),
      h(
        "tbody",
        {},
        ...names.map(({ name, bits }, place) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, bits === name ? name : `${name} ${bits}`),
            ...[
              short(expected[place]),
              short(law()?.[place]),
              drawn ? whole(drawn.circuit.totals.keys[place]) : "–",
              drawn ? whole(drawn.twin.totals.keys[place]) : "–",
            ].map((text) => h("td", {}, text)),
          ),
        ),
      ),
    );
  }

  function showVerdict() {
    const line = ([stands, number], of) => {
      stands.classList.toggle("differs", Boolean(of?.refuted));
      put(stands, standing(of));
      put(number, of?.shots ? `${t("p_value")} ${pText(of.p_value)}` : "");
    };
    line(lines.of_circuit, drawn?.circuit);
    line(lines.of_twin, drawn?.twin);
  }

  function showHerald() {
    const falls = laws?.success != null;
    put(heraldAbout, falls ? t("herald_about", { success: short(laws.success) }) : laws ? t("herald_none") : "");
    const height = falls ? 84 : 50;
    const { svg, width, name: tell } = canvas("herald", height);
    if (!drawn) {
      tell(t("herald"));
      svg.append(s("text", { class: "quiet", x: 0, y: 20 }, t("verdict_none")));
      return;
    }
    const { kept, shots, totals } = drawn.circuit;
    const parts = [
      ["herald_kept", kept - totals.stray, "bar-circuit"],
      ["herald_stray", totals.stray, "bar-twin"],
      ["herald_discarded", totals.discarded, "band"],
    ];
    tell(parts.map(([name, many]) => t(name, { number: whole(many) })).join(", "));
    let x = 0;
    parts.forEach(([name, many, kind], place) => {
      const wide = (many / shots) * width;
      svg.append(s("rect", { class: kind, x, width: wide, y: 4, height: 22 }));
      if (many || name === "herald_kept" || (falls && name === "herald_discarded")) {
        const at = { herald_kept: 0, herald_stray: width / 2, herald_discarded: width }[name];
        const anchor = { herald_kept: "start", herald_stray: "middle", herald_discarded: "end" }[name];
        svg.append(s("text", { x: at, y: 44, "text-anchor": anchor }, t(name, { number: whole(many) })));
      }
      x += wide;
    });
    const wide = width * (totals.discarded / shots);
    const fallen = Math.min(30, drawn.batch.discarded, Math.floor(wide / 3));
    for (let place = 0; place < fallen; place += 1) {
      const at = width - wide * ((place + 0.5) / fallen);
      svg.append(s("circle", { class: "gone", cx: at, cy: 54 + 9 * (place % 3), r: 3 }));
    }
  }

  function showTrace() {
    const height = 180;
    const last = trace[trace.length - 1];
    const label = last
      ? `${t("variation")} ${short(last.variation)}, ${t("chance")} ${short(last.chance)}`
      : t("distance");
    const { svg, width, name: tell } = canvas("trace", height);
    tell(label);
    const left = 52, right = 8, top = 10, bottom = 30;
    traceLegend.replaceChildren();
    if (!last) {
      svg.append(s("text", { class: "quiet", x: 0, y: 20 }, t("verdict_none")));
      return;
    }
    traceLegend.append(
      h("span", { class: "is-circuit" }, `${t("variation")} ${short(last.variation)}`),
      h("span", { class: "is-chance" }, `${t("chance")} ${short(last.chance)}`),
    );
    const log = (x) => Math.log10(Math.max(x, 1e-5));
    const low = Math.floor(log(Math.min(...trace.map((one) => Math.min(one.chance || 1, one.variation || 1)))));
    const first = log(trace[0].kept);
    const end = Math.max(log(last.kept), first + 0.3);
    const x = (kept) => left + ((log(kept) - first) / (end - first)) * (width - left - right);
    const y = (value) => top + (-Math.max(log(value), low) / (-low || 1)) * (height - top - bottom);
    for (let power = low; power <= 0; power += 1) {
      const at = y(10 ** power);
      svg.append(
        s("line", { class: "grid", x1: left, x2: width - right, y1: at, y2: at }),
        s("text", { class: "quiet", x: left - 6, y: at + 4, "text-anchor": "end" }, short(10 ** power)),
      );
    }
    const path = (name) => trace.map((one, at) => `${at ? "L" : "M"}${x(one.kept).toFixed(1)} ${y(one[name]).toFixed(1)}`).join("");
    const dot = (name, kind) => s("circle", { class: kind, cx: x(last.kept), cy: y(last[name]), r: 4 });
    const axis = trace.length > 1 ? [s("text", { class: "quiet", x: left, y: height - 8 }, whole(trace[0].kept))] : [];
    svg.append(
      s("path", { class: "line-chance", d: path("chance") }),
      s("path", { class: "line-circuit", d: path("variation") }),
      dot("chance", "dot-chance"),
      dot("variation", "bar-circuit"),
      ...axis,
      s("text", { class: "quiet", x: trace.length > 1 ? width - right : left, y: height - 8, "text-anchor": trace.length > 1 ? "end" : "start" }, `${whole(last.kept)} ${t("kept")}`),
    );
  }

  function showLadder() {
    const upright = narrow("ladder");
    const height = upright ? 220 : 180;
    const { svg, width, name: tell } = canvas("ladder", height);
    if (!target) {
      tell(t("ladder"));
      return;
    }
    const energies = target.energies;
    const weights = target.softmax;
    const known = energies.filter((one) => one !== null);
    // Keys of one energy stand half way up.
    const alike = Math.max(...known) === Math.min(...known) ? 0.5 : 0;
    const lowest = Math.min(...known) - alike;
    const highest = Math.max(...known) + alike;
    const left = 48, top = 36, bottom = upright ? 84 : 34;
    const y = (one) => top + ((highest - one) / (highest - lowest)) * (height - top - bottom);
    const room = (width - left) / energies.length;
    svg.append(s("text", { class: "quiet", x: 0, y: 14 }, t("energy")));
    for (const at of new Set([Math.min(...known), Math.max(...known)])) {
      svg.append(s("text", { class: "quiet", x: left - 6, y: y(at) + 4, "text-anchor": "end" }, short(at)));
    }
    tell(
      `${t("ladder")}: ${energies.map((one, at) => `${at < own.scores.length ? keyName(at) : t("padding")} ${short(one)}`).join(", ")}`,
    );
    const letters = upright ? 8 : Math.max(2, Math.floor(room / 8));
    energies.forEach((one, place) => {
      if (one === null) return;
      const middle = left + room * (place + 0.5);
      const name = place < own.scores.length ? keyName(place) : t("padding");
      svg.append(
        s("line", { class: "level", x1: middle - room * 0.4, x2: middle + room * 0.4, y1: y(one), y2: y(one) }),
        s("circle", { class: "bar-circuit", cx: middle, cy: y(one), r: 13 * Math.sqrt(weights[place]) }),
        upright
          ? along(middle, height - bottom + 18, cut(name, letters))
          : s("text", { class: "quiet", x: middle, y: height - 6, "text-anchor": "middle" }, cut(name, letters)),
      );
    });
  }

  let circuitText = null;
  function showCircuit() {
    if (!laws || circuitText === laws.circuit) return;
    circuitText = laws.circuit;
    circuit.textContent = laws.circuit;
    circuitList.replaceChildren(
      ...laws.instructions.map(({ gate, on }) => h("li", {}, t("instruction", { gate, places: on.join(", ") }))),
    );
    circuitAbout.textContent = t("circuit_about", {
      preparation: laws.setup.preparation,
      qubits: laws.qubits,
      depth: whole(laws.depth),
      gates: whole(laws.two_qubit_gates),
      kind: t(`kind_${laws.kind}`) + (laws.left_out ? ` ${t("left_out", { number: whole(laws.left_out) })}` : ""),
    });
  }

  // ---- keeping and sharing ----------------------------------------------------------------------
  function remember() {
    if (!model.get("hash")) return;
    const parts = new URLSearchParams();
    for (const name of [...FIELDS, "seed", "rate", "step"]) {
      parts.set(name, name === "scores" ? own.scores.join(",") : own[name]);
    }
    if (own.tokens) parts.set("tokens", JSON.stringify(own.tokens));
    history.replaceState(null, "", `#${parts}`);
  }
  // What was predicted and done outlives a reload, and ends with the window.
  const memory = model.get("hash") && `qcattn ${location.pathname} ${model.get("lesson").title}`;
  function keepAnswers() {
    try {
      if (memory) sessionStorage.setItem(memory, JSON.stringify({ predicted, done }));
    } catch {
      // A browser that keeps nothing for this page: a reload begins the lesson anew.
    }
  }
  function recallAnswers() {
    let kept = null;
    try {
      kept = memory && JSON.parse(sessionStorage.getItem(memory));
    } catch {
      return;
    }
    for (const { name, choices: options } of steps) {
      if (!(kept?.predicted?.[name] in options)) continue;
      predicted[name] = kept.predicted[name];
      if (kept.done?.[name] === true) done[name] = true;
    }
  }
  function recalled(parts) {
    const number = (text) => (text.trim() ? Number(text) : NaN);
    const out = {};
    for (const [name, text] of parts) {
      if (name === "scores") out.scores = text.split(",").map(number);
      else if (name === "tokens") out.tokens = JSON.parse(text);
      else out[name] = typeof own[name] === "string" ? text : number(text);
    }
    return out;
  }
  /** A setting from a file or an address, whose kinds are checked here and its ranges where it is drawn. */
  function take(read) {
    try {
      const given = read();
      const numbers = (list) => Array.isArray(list) && list.every((x) => Number.isFinite(x));
      if (!numbers(given?.scores)) throw new Error(t("not_numbers", { name: "scores" }));
      const known = [...FIELDS, "tokens", "seed", "rate", "step"].filter((name) => name in given);
      const change = Object.fromEntries(known.map((name) => [name, given[name]]));
      for (const name of known.filter((one) => typeof own[one] === "number")) {
        if (!Number.isFinite(change[name])) throw new Error(t("no_number", { name }));
      }
      for (const name of known.filter((one) => typeof own[one] === "string")) {
        change[name] = String(change[name]);
      }
      if (!steps.some((step) => step.name === change.step)) change.step = steps[0].name;
      if (!(change.rate >= 1)) change.rate = own.rate;
      const words = Array.isArray(change.tokens) && change.tokens.every((one) => typeof one === "string");
      if (!words) change.tokens = null;
      stop();
      changed({ ...PLAIN, ...change });
      showStep();
      show();
    } catch (fault) {
      unread = t("no_setting", { error: fault.message });
      error.textContent = unread;
    }
  }
  async function copy() {
    // A browser lends the clipboard to no page of another machine that comes without encryption.
    const kept = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    copied.textContent = kept ? t("copied") : t("copy_by_hand", { address: location.href });
  }
  function keep(name, type, content) {
    const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
    const link = h("a", { href: url, download: `qcattn-${name}` });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  }
  function picture() {
    // A picture by itself has no style sheet: what the page shows is written into each element.
    const source = pictures.counts.querySelector("svg");
    const copyOf = source.cloneNode(true);
    const from = [source, ...source.querySelectorAll("*")];
    [copyOf, ...copyOf.querySelectorAll("*")].forEach((node, place) => {
      const style = getComputedStyle(from[place]);
      for (const name of ["fill", "stroke", "stroke-width", "font-size", "font-family"]) {
        node.setAttribute(name, style.getPropertyValue(name));
      }
      node.removeAttribute("class");
    });
    const [, , width, height] = source.getAttribute("viewBox").split(" ").map(Number);
    copyOf.setAttribute("xmlns", SVG);
    copyOf.setAttribute("width", width);
    copyOf.setAttribute("height", height);
    const ground = getComputedStyle(el).backgroundColor;
    copyOf.prepend(s("rect", { width, height, fill: ground }));
    return { text: new XMLSerializer().serializeToString(copyOf), width, height };
  }
  function saveSvg() {
    keep("counts.svg", "image/svg+xml", picture().text);
  }
  async function savePng() {
    const { text, width, height } = picture();
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const sheet = h("canvas", { width: 2 * width, height: 2 * height });
    sheet.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
    sheet.toBlob((blob) => keep("counts.png", "image/png", blob));
  }
  function saveCsv() {
    if (!target) return;
    const cell = (x) => (typeof x === "string" && /[",\n]/.test(x) ? `"${x.replaceAll('"', '""')}"` : x);
    const lines = [["outcome", "reading", "expected", "circuit_exactly", "circuit_shots", "twin_shots"]];
    labels().forEach(({ name, bits }, place) => {
      const shots = [drawn?.circuit, drawn?.twin].map((of) => of?.totals.keys[place] ?? 0);
      lines.push([name, bits, target.expected[place], law()?.[place] ?? "", ...shots]);
    });
    keep("counts.csv", "text/csv", `${lines.map((line) => line.map(cell).join(",")).join("\n")}\n`);
  }

  // ---- begin ------------------------------------------------------------------------------------
  model.on("msg:custom", heard);
  const light = () => el.classList.toggle("dark", onDark(el));
  const resized = new ResizeObserver(() => {
    light(); // a notebook puts it into its page after this module has drawn it
    show();
  });
  resized.observe(el);
  const relit = new MutationObserver(light);
  for (const one of [document.documentElement, document.body]) relit.observe(one, { attributes: true });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", light);
  light();
  const shared = () => (model.get("hash") ? new URLSearchParams(location.hash.slice(1)) : new URLSearchParams());
  const moved = () => {
    const parts = shared();
    if (parts.has("scores")) take(() => recalled(parts));
  };
  window.addEventListener("hashchange", moved);
  const parts = shared();
  recallAnswers();
  go(steps[0]);
  if (parts.has("scores")) take(() => recalled(parts));

  return () => {
    stop();
    clearTimeout(rest);
    pending.clear();
    resized.disconnect();
    relit.disconnect();
    system.removeEventListener("change", light);
    window.removeEventListener("hashchange", moved);
    model.off?.("msg:custom", heard);
  };
}

export default { render };
