// A wall of tiles: hover plays, arrows move, X selects, keys act; everything shown is text, never markup.
// Keys reach the wall that has the focus, else the one that was used last (at first: the first one), unless a field or a
// dialog has them. Tab stops once in a wall, at its current tile.
const HOVER_MS = 140
const states = new Map() // the root of a wall -> what is current and selected there

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".wall")
  const state = states.get(root) ?? newState()
  if (!states.size) document.addEventListener("keydown", onKey)
  states.set(root, state)
  const isOtherPage = keepPlace(state, data.tiles.map((tile) => tile.token), data.current)
  state.data = data
  const acknowledged = data.acknowledged
  if (acknowledged?.sender === state.sender) state.unsent = state.unsent.filter((one) => one.number > acknowledged.number)
  state.press = press
  state.mark = mark
  root.style.setProperty("--tile", (data.tile_px ?? 168) + "px")
  const tiles = root.querySelector(".tiles")
  drawTiles()
  for (const one of states.values()) one.mark() // a wall that is drawn later may come first on the page
  if (isOtherPage && root.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" })
  root.onpointerdown = () => use(root)
  return () => {
    states.delete(root)
    if (!states.size) document.removeEventListener("keydown", onKey)
  }

  function drawTiles() {
    const boxes = new Map()
    for (const tile of data.tiles) {
      const said = JSON.stringify([tile, data.workspace])
      const old = state.boxes.get(tile.token)
      boxes.set(tile.token, old?.said === said ? old : { said, box: makeTile(tile) }) // what is unchanged is not redrawn
    }
    state.boxes = boxes
    const hadFocus = tiles.contains(root.getRootNode().activeElement)
    tiles.replaceChildren(...[...boxes.values()].map((one) => one.box))
    const isBack = state.returns && document.activeElement === document.body && !document.querySelector("[role=dialog]")
    if (isBack) state.returns = false
    if (hadFocus || isBack) focus() // tiles that are put anew have lost it, and so has the tile that opened a dialog
  }

  function makeTile(tile) {
    const box = element("div", "tile " + (tile.verdict ?? ""))
    box.dataset.token = tile.token
    box.setAttribute("role", "button")
    box.setAttribute("aria-label", [tile.label, tile.note, tile.verdict].filter(Boolean).join(", "))
    box.title = tile.title ?? ""
    const picture = element("div", "picture")
    const image = element("img")
    image.loading = "lazy"
    image.alt = tile.label ?? ""
    const still = tile.frame_s == null ? "/thumbnail/" : "/frame/"
    image.src = data.media + still + data.workspace + "/" + tile.token + (tile.frame_s == null ? "" : "?side=192&t=" + tile.frame_s)
    image.onerror = () => box.classList.add("broken")
    const stripe = element("div", "source")
    stripe.style.background = tile.colour || "transparent"
    picture.append(image, element("div", "missing", "cannot be shown"), stripe)
    if (tile.corner) picture.append(element("span", "corner", tile.corner))
    if (tile.plays) picture.append(element("span", "plays"))
    picture.append(element("span", "verdict", tile.verdict_text || tile.verdict || ""))
    const pick = element("span", "pick")
    pick.title = "select (X)"
    pick.onclick = (event) => {
      event.stopPropagation()
      point(tile.token)
      toggle(tile.token)
      mark()
    }
    picture.append(pick)
    const text = element("div", "text")
    text.append(element("div", "label", tile.label ?? ""), element("div", "note", tile.note ?? ""))
    if (tile.bar !== null && tile.bar !== undefined) {
      const bar = element("div", "bar"), fill = element("i")
      bar.style.color = tile.colour || "inherit"
      fill.style.width = Math.round(100 * Math.min(Math.max(tile.bar, 0), 1)) + "%"
      bar.append(fill)
      text.append(bar)
    }
    box.append(picture, text)
    box.onfocus = () => { use(root); point(tile.token); mark() }
    if (tile.plays) {
      let waiting
      box.onmouseenter = () => { waiting = setTimeout(() => play(picture, tile), HOVER_MS) }
      box.onmouseleave = () => { clearTimeout(waiting); picture.querySelector("video")?.remove() }
    }
    box.onclick = (event) => {
      point(tile.token)
      if (event.shiftKey || event.ctrlKey || event.metaKey) toggle(tile.token)
      else open(tile.token)
      mark()
    }
    return box
  }

  function play(picture, tile) {
    const video = element("video")
    Object.assign(video, { muted: true, autoplay: true, loop: true, playsInline: true })
    video.src = data.media + "/media/" + data.workspace + "/" + tile.token + (tile.start_s ? "#t=" + tile.start_s : "")
    video.onerror = () => video.remove()
    picture.querySelector("img").after(video)
  }

  function point(token) {
    state.current = Math.max(state.tokens.indexOf(token), 0)
  }

  function open(token) {
    state.returns = tiles.contains(root.getRootNode().activeElement)
    setTriggerValue("opened", token)
  }

  function focus() {
    tiles.children[state.current]?.focus({ preventScroll: true })
  }

  function toggle(token) {
    if (!state.selected.delete(token)) state.selected.add(token)
  }

  function mark() {
    ;[...tiles.children].forEach((box, i) => {
      box.classList.toggle("current", i === state.current && root === wallOfKeys())
      box.tabIndex = i === state.current ? 0 : -1
      box.classList.toggle("selected", state.selected.has(box.dataset.token))
      box.setAttribute("aria-pressed", state.selected.has(box.dataset.token))
    })
    drawBar(root, data, state.selected.size, press)
  }

  function move(step) {
    const wanted = state.current + step
    if (data.turns && (wanted < 0 || wanted >= data.tiles.length) && Math.abs(step) === 1) {
      state.turning = step
      return setTriggerValue("turned", step)
    }
    state.current = Math.min(Math.max(wanted, 0), data.tiles.length - 1)
    mark()
    if (tiles.contains(root.getRootNode().activeElement)) focus()
    tiles.children[state.current]?.scrollIntoView({ block: "nearest" })
  }

  // one key, or a click on its name; returns whether it means anything here
  function press(key) {
    if (!data.tiles.length) return false
    const columns = getComputedStyle(tiles).gridTemplateColumns.split(" ").length
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }
    const token = state.tokens[state.current]
    const action = data.actions.find((one) => one.key.toLowerCase() === key.toLowerCase())
    if (key in steps) move(steps[key])
    else if (key.toLowerCase() === "x") { toggle(token); mark(); move(1) }
    else if (key.toLowerCase() === "a") { state.tokens.forEach((one) => state.selected.add(one)); mark() }
    else if (key === "Escape" && state.selected.size) { state.selected.clear(); mark() }
    else if (key === "Enter") open(token)
    else if (action) {
      const alone = !state.selected.size
      state.number += 1
      state.unsent.push({ number: state.number, action: action.name, tokens: alone ? [token] : [...state.selected] })
      setTriggerValue("acted", { sender: state.sender, presses: [...state.unsent] })
      state.selected.clear()
      if (alone && !action.stays && state.current < data.tiles.length - 1) move(1)
      mark()
    } else return false
    return true
  }
}

function newState() {
  const sender = Math.random().toString(36).slice(2)
  return { sender, number: 0, unsent: [], current: 0, selected: new Set(), tokens: [], boxes: new Map() }
}

// The same place after a decision, even if it took tiles off the wall; on another page the tile that comes first.
// Returns whether it is another page.
function keepPlace(state, tokens, wanted) {
  const known = new Set(tokens)
  const isOtherPage = state.tokens.length > 0 && !state.tokens.some((token) => known.has(token))
  const isNewWish = wanted !== state.wanted && known.has(wanted)
  const current = isNewWish ? wanted : state.tokens[state.current]
  if (known.has(current)) state.current = tokens.indexOf(current)
  else if (isOtherPage) state.current = state.turning < 0 ? tokens.length - 1 : 0
  state.current = Math.max(Math.min(state.current, tokens.length - 1), 0)
  state.selected = new Set([...state.selected].filter((token) => known.has(token)))
  Object.assign(state, { tokens, wanted, turning: 0 })
  return isOtherPage
}

let used = null

function use(root) {
  if (root === used) return
  used = root
  for (const state of states.values()) state.mark() // only one wall shows where keys go
}

function wallOfKeys() {
  if (states.has(used) && used.isConnected) return used
  const isBefore = (one, other) =>
    one.getRootNode().host?.compareDocumentPosition(other.getRootNode().host) & Node.DOCUMENT_POSITION_FOLLOWING
  const shown = [...states.keys()].filter((one) => one.isConnected)
  return shown.reduce((first, one) => (isBefore(one, first) ? one : first), shown[0])
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
  const target = event.composedPath()[0]
  if (target instanceof Element && target.closest("input, textarea, select, [contenteditable=true], [role=dialog]")) return
  if (target instanceof Element && event.key === "Enter" && target.closest("button, a")) return
  if (target instanceof Element && target.closest("[role=slider], [role=radiogroup], [role=tablist], [role=listbox]")) return
  const path = event.composedPath(), focused = [...states.keys()].find((one) => path.includes(one))
  if (!focused && document.querySelector("[role=dialog]")) return
  const root = focused ?? wallOfKeys(), isSpace = event.key === " " && target instanceof Element && target.matches(".tile")
  if (root && states.get(root).press(isSpace ? "Enter" : event.key)) {
    event.preventDefault()
    event.stopPropagation()
  }
}

function drawBar(root, data, numSelected, press) {
  const shown = data.actions.map((one) => [one.key, one.title, one.key])
  if (data.actions.length) shown.push(["X", "select", "x"], ["A", "select all", "a"])
  const keys = root.querySelector(".keys"), moves = data.actions.length ? [["arrows", "move"], ["Enter", "open"]] : []
  keys.replaceChildren(
    ...shown.map(([key, title, pressed]) => {
      const one = element("button", "key")
      one.append(element("kbd", "", key), " " + title)
      one.onclick = () => { use(root); press(pressed) }
      return one
    }),
    ...moves.map(([key, title]) => {
      const one = element("span", "key")
      one.append(element("kbd", "", key), " " + title)
      return one
    }),
  )
  if (numSelected) {
    const clear = element("button", "key chosen", numSelected + " selected")
    clear.append(" ", element("kbd", "", "Esc"))
    clear.onclick = () => press("Escape")
    keys.append(clear)
  }
  const origins = new Map(data.tiles.filter((tile) => tile.origin).map((tile) => [tile.origin, tile.colour]))
  const place = (name) => (data.sources.indexOf(name) + 1 || data.sources.length + 1)
  const legend = [...origins].sort(([a], [b]) => place(a) - place(b)).map(([name, colour]) => {
    const one = element("span", "origin"), dot = element("i")
    dot.style.background = colour
    one.append(dot, name)
    return one
  })
  root.querySelector(".legend").replaceChildren(...legend)
}

function element(name, className = "", text = "") {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}
