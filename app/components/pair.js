// Suspected pairs one by one: D, N and S decide, arrows move, 1 to 4 choose a view, G speaks of the whole cluster.
const states = new WeakMap()
const VIEWS = [["side", "Side by side"], ["blink", "Blink"], ["overlay", "Overlay"], ["difference", "Difference"]]
const SLIDERS = {
  blink: { label: "Every", unit: " ms", min: 200, max: 1500, step: 50, start: 500 },
  overlay: { label: "Target", unit: " %", min: 0, max: 100, step: 1, start: 50 },
  difference: { label: "Amplified", unit: "×", min: 1, max: 8, step: 0.5, start: 2 },
}
const STATES = { open: "not judged", duplicate: "duplicate", not_duplicate: "not a duplicate", settled: "item is out already" }
const SIDE_PX = 480
const AHEAD = 4

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".pair")
  const state = states.get(root) ?? newState()
  const isNew = !states.has(root)
  states.set(root, state)
  takeIn()
  render()
  if (isNew && document.activeElement === document.body) root.focus({ preventScroll: true })

  function takeIn() {
    if (state.queue !== data.queue) Object.assign(state, { queue: data.queue, passed: [], at: 0, said: new Map(), cluster: null })
    const acknowledged = data.acknowledged
    if (acknowledged?.sender === state.sender) state.unsent = state.unsent.filter((one) => one.number > acknowledged.number)
    const waiting = new Set(state.unsent.map((one) => one.pair))
    // what came back open although it was decided here was undone: show it again
    const undone = data.pairs.filter((pair) => pair.state === "open" && state.said.has(pair.id) && !waiting.has(pair.id))
    for (const pair of undone) state.said.delete(pair.id)
    const fresh = new Map(data.pairs.map((pair) => [pair.id, pair]))
    state.passed = state.passed.map((pair) => (waiting.has(pair.id) ? pair : fresh.get(pair.id) ?? pair))
    const passed = new Set(state.passed.map((pair) => pair.id))
    state.list = [...state.passed, ...data.pairs.filter((pair) => !passed.has(pair.id))]
    if (undone.length) state.at = state.list.findIndex((pair) => pair.id === undone[0].id)
    state.at = Math.min(state.at, state.list.length)
    state.cluster = data.cluster?.pair === current()?.id && state.asks ? data.cluster : null
    state.asksMore = false
  }

  function current() { return state.list[state.at] }

  function decide(verdict, wholeCluster = false) {
    const pair = current()
    if (!pair) return
    state.number += 1
    state.unsent.push({ number: state.number, pair: pair.id, verdict, whole_cluster: wholeCluster })
    if (verdict !== "skip") {
      pair.state = verdict
      state.said.set(pair.id, verdict)
    }
    state.asks = false
    setTriggerValue("acted", { sender: state.sender, presses: [...state.unsent] })
    move(1)
  }

  function move(step) {
    const before = current()?.id
    state.at = Math.min(Math.max(state.at + step, 0), state.list.length)
    if (state.at > state.passed.length) state.passed = state.list.slice(0, state.at)
    if (before !== current()?.id) { state.cluster = null; state.asks = false }
    if (step > 0 && state.at >= state.list.length - AHEAD && !state.asksMore && !state.unsent.length && data.pairs.length) {
      state.asksMore = true
      setTriggerValue("asked", { what: "more", pair: "" })
    }
    render()
  }

  function askCluster() {
    if (!current()) return
    state.asks = true
    setTriggerValue("asked", { what: "cluster", pair: current().id })
  }

  function leaveCluster() {
    state.asks = false
    state.cluster = null
    render()
  }

  function render() {
    clearInterval(state.timer)
    const pair = current()
    root.classList.toggle("ended", !pair)
    drawBar(root.querySelector(".bar"), pair)
    const stage = root.querySelector(".stage")
    stage.className = "stage " + state.view + (state.stretch ? " stretch" : "")
    if (!pair) {
      stage.replaceChildren(element("div", "end", state.list.length
        ? "That was the last pair here. Go back with the left arrow, or change what is shown."
        : "No pairs to show here. Change what is shown, or the threshold."))
      root.querySelector(".foot").replaceChildren()
      return
    }
    const sides = state.view === "side"
      ? [half(pair.web, "web"), half(pair.target, "target")]
      : [stack(pair)]
    stage.replaceChildren(...sides)
    if (SLIDERS[state.view]) stage.append(slider())
    drawFoot(root.querySelector(".foot"), pair)
    for (const next of state.list.slice(state.at + 1, state.at + 1 + AHEAD)) { picture(next.web); picture(next.target) }
  }

  function drawBar(bar, pair) {
    const facts = element("div", "facts")
    if (pair) {
      facts.append(
        element("span", "similarity", pair.similarity.toFixed(3)),
        element("span", "quiet", "similarity"),
        element("span", "state " + pair.state, STATES[pair.state] ?? pair.state),
      )
    }
    const views = element("div", "views")
    views.setAttribute("role", "group")
    views.setAttribute("aria-label", "View")
    VIEWS.forEach(([name, title], i) => {
      const button = keyButton(String(i + 1), title, () => choose(name))
      button.setAttribute("aria-pressed", String(state.view === name))
      views.append(button)
    })
    bar.replaceChildren(facts, views)
  }

  function slider() {
    const box = element("label", "slider")
    const kind = SLIDERS[state.view]
    const input = element("input")
    Object.assign(input, { type: "range", min: kind.min, max: kind.max, step: kind.step, value: state.values[state.view] })
    const shown = element("output", "", state.values[state.view] + kind.unit)
    input.oninput = () => {
      state.values[state.view] = Number(input.value)
      shown.textContent = input.value + kind.unit
      remember(state)
      apply()
    }
    box.append(element("span", "", kind.label), input, shown)
    return box
  }

  function choose(view) {
    state.view = view
    remember(state)
    render()
  }

  function half(side, what) {
    const box = element("div", "half")
    box.append(picture(side, what))
    if (state.plays && side.plays) box.append(video(side))
    return box
  }

  function stack(pair) {
    const box = element("div", "half stack")
    const below = element("div", "layer"), above = element("div", "layer above")
    below.append(picture(pair.web, "web"))
    above.append(picture(pair.target, "target"))
    if (state.plays && pair.web.plays) below.append(video(pair.web))
    if (state.plays && pair.target.plays) above.append(video(pair.target))
    box.append(below, above, element("span", "which"))
    state.above = above
    state.which = box.lastChild
    state.box = box
    apply()
    return box
  }

  function apply() {
    clearInterval(state.timer)
    const { above, which, box } = state
    above.style.opacity = 1
    box.style.filter = ""
    which.textContent = ""
    if (state.view === "overlay") above.style.opacity = state.values.overlay / 100
    if (state.view === "difference") box.style.filter = "brightness(" + state.values.difference + ")"
    if (state.view === "blink") {
      flip(false)
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches
      if (!still) state.timer = setInterval(() => flip(!state.flipped), state.values.blink)
    }
  }

  function flip(toTarget) {
    state.flipped = toTarget
    state.above.style.opacity = toTarget ? 1 : 0
    state.which.textContent = toTarget ? "target" : "web"
  }

  function picture(side, what) {
    const url = data.media + "/frame/" + data.workspace + "/" + side.token + "?t=" + side.time_s.toFixed(3) + "&side=" + SIDE_PX
    let box = state.pictures.get(url)
    if (!box) {
      box = element("div", "picture")
      const image = element("img")
      image.draggable = false
      image.onload = () => box.classList.add("loaded")
      image.onerror = () => box.classList.add("broken")
      image.src = url
      box.append(element("span", "loading", "loading"), image, element("span", "missing", "cannot be shown"))
      state.pictures.set(url, box)
      if (state.pictures.size > 64) state.pictures.delete(state.pictures.keys().next().value)
    }
    box.querySelector("img").alt = what ? (what === "web" ? "Web: " : "Target: ") + side.title : ""
    return box
  }

  function video(side) {
    const made = element("video")
    Object.assign(made, { muted: true, autoplay: true, loop: true, playsInline: true })
    made.src = data.media + "/media/" + data.workspace + "/" + side.token + "#t=" + Math.max(0, side.time_s - 1).toFixed(2)
    made.onerror = () => made.remove()
    return made
  }

  function drawFoot(foot, pair) {
    const texts = element("div", "texts")
    texts.append(describe(pair.web, "Web"), describe(pair.target, "Target"))
    const acts = element("div", "acts")
    if (state.cluster) {
      acts.classList.add("cluster")
      acts.append(element("span", "question", (state.cluster.may_be_decided ? "Decide the whole cluster, " : "") + state.cluster.text))
      if (state.cluster.may_be_decided) acts.append(
        keyButton("D", "All duplicates", () => decide("duplicate", true), "duplicate"),
        keyButton("N", "None is", () => decide("not_duplicate", true), "not_duplicate"),
      )
      acts.append(keyButton("Esc", "Cancel", leaveCluster))
    } else {
      acts.append(
        keyButton("D", "Duplicate", () => decide("duplicate"), "duplicate"),
        keyButton("N", "Not a duplicate", () => decide("not_duplicate"), "not_duplicate"),
        keyButton("S", "Skip", () => decide("skip")),
        keyButton("←", "Previous", () => move(-1)),
        keyButton("→", "Next", () => move(1)),
        keyButton("G", "Cluster", askCluster),
        keyButton("F", state.stretch ? "Keep shape" : "Stretch", stretch),
      )
      if (pair.web.plays || pair.target.plays) acts.append(keyButton("P", state.plays ? "Stop" : "Play", play))
    }
    foot.replaceChildren(texts, acts)
  }

  function describe(side, what) {
    const box = element("div", "text")
    const title = element("div", "title")
    const dot = element("i", "dot")
    dot.style.background = side.colour
    const name = element(what === "Web" ? "button" : "span", "name", side.title)
    if (what === "Web") {
      name.title = "The whole story of this item"
      name.onclick = () => setTriggerValue("asked", { what: "story", pair: current().id })
    }
    title.append(dot, element("span", "what", what), name)
    box.append(title, ...side.lines.map((line) => element("div", "line", line)))
    return box
  }

  function stretch() {
    state.stretch = !state.stretch
    remember(state)
    render()
  }

  function play() {
    state.plays = !state.plays
    render()
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !isOurs(event)) return
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    const inCluster = Boolean(state.cluster)
    const acts = {
      d: () => !inCluster ? decide("duplicate") : state.cluster.may_be_decided && decide("duplicate", true),
      n: () => !inCluster ? decide("not_duplicate") : state.cluster.may_be_decided && decide("not_duplicate", true),
      s: () => decide("skip"),
      g: askCluster,
      f: stretch,
      p: play,
      ArrowLeft: () => move(-1),
      ArrowRight: () => move(1),
      Escape: leaveCluster,
    }
    VIEWS.forEach(([name], i) => { acts[String(i + 1)] = () => choose(name) })
    if (state.view === "blink") acts[" "] = () => { clearInterval(state.timer); flip(!state.flipped) }
    if (!acts[key] || (event.repeat && !key.startsWith("Arrow"))) return
    acts[key]()
    event.preventDefault()
    event.stopPropagation()
  }

  // Keys act while nothing else on the page takes them: no text field, slider, list or choice has the focus.
  function isOurs(event) {
    const path = event.composedPath()
    const focused = path[0]
    if (focused.matches?.("input, textarea, select, [contenteditable=true]")) return false
    if (document.querySelector("[role=dialog]")) return false
    if (path.includes(root)) return true
    return focused === document.body || focused.matches?.("button:not([role])")
  }

  document.removeEventListener("keydown", state.listener, true)
  state.listener = pressed
  document.addEventListener("keydown", pressed, true)

  return () => {
    clearInterval(state.timer)
    document.removeEventListener("keydown", state.listener, true)
  }
}

function newState() {
  const kept = JSON.parse(sessionStorage.getItem("omnisource_pair") ?? "{}")
  return {
    sender: Math.random().toString(36).slice(2), number: 0, unsent: [], queue: null, passed: [], list: [], at: 0,
    said: new Map(), pictures: new Map(), cluster: null, asks: false, plays: false,
    view: kept.view ?? "side", stretch: kept.stretch ?? false,
    values: { ...Object.fromEntries(Object.entries(SLIDERS).map(([name, kind]) => [name, kind.start])), ...kept.values },
  }
}

function remember({ view, stretch, values }) {
  sessionStorage.setItem("omnisource_pair", JSON.stringify({ view, stretch, values }))
}

function keyButton(key, title, act, className = "") {
  const button = element("button", className)
  button.type = "button"
  button.append(element("kbd", "", key), " " + title)
  button.onclick = act
  return button
}

function element(name, className = "", text = "") {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}
