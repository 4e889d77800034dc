// A long video: player, frames, curve of one class, roles by colour; click seeks, the threshold line is dragged.
const states = new WeakMap()
const CURVE_PX = 150, AXIS_PX = 20, ROLES_PX = 10, MAP_PX = 22, THUMB_PX = 76, GRAB_PX = 6

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".ribbon")
  const state = states.get(root) ?? {}
  states.set(root, state)
  if (state.media !== data.media) Object.assign(state, { media: data.media, from: 0, to: data.duration_s, time: 0, thumbs: "" })
  state.least = data.least
  const colours = Object.fromEntries(data.roles.map((role) => [role.name, role.colour]))
  const parts = build()
  const theme = getComputedStyle(root)
  const text = theme.color, border = theme.getPropertyValue("--st-border-color"), primary = theme.getPropertyValue("--st-primary-color")
  draw()
  state.watcher?.disconnect()
  state.watcher = new ResizeObserver(draw)
  state.watcher.observe(parts.band)
  return () => { state.watcher.disconnect(); clearTimeout(state.waiting) }

  function build() {
    const top = root.querySelector(".top"), band = root.querySelector(".band")
    if (!top.children.length) {
      top.append(element("div", "screen"), element("div", "facts"))
      band.append(element("div", "thumbs"), element("canvas", "curve"), element("canvas", "map"), element("div", "cursor"))
    }
    const screen = top.querySelector(".screen")
    if (screen.dataset.url !== data.media) {
      screen.dataset.url = data.media
      const video = element("video"), still = element("img")
      Object.assign(video, { controls: true, muted: true, playsInline: true, preload: "metadata", poster: data.poster, src: data.media })
      still.alt = "the frame at this time"
      screen.replaceChildren(video, still)
    }
    const found = {
      screen, band, video: screen.querySelector("video"), still: screen.querySelector("img"), facts: top.querySelector(".facts"),
      thumbs: band.querySelector(".thumbs"), curve: band.querySelector(".curve"), map: band.querySelector(".map"),
      cursor: band.querySelector(".cursor"),
    }
    found.video.ontimeupdate = () => { state.time = found.video.currentTime; found.screen.classList.remove("still"); drawCursor(); say(state.time) }
    found.thumbs.onclick = (event) => seek(timeAt(event))
    found.thumbs.onmousemove = found.curve.onmousemove = (event) => hover(event)
    found.thumbs.onmouseleave = found.curve.onmouseleave = () => say(state.time)
    found.curve.onpointerdown = press
    found.map.onpointerdown = pan
    root.onkeydown = keys
    root.setAttribute("role", "group")
    root.setAttribute("aria-label", "Ribbon of the video: " + data.class_name)
    const here = element("div", "here"), zoom = element("div", "zoom")
    for (const [title, act] of [["Zoom in", () => zoomBy(0.5)], ["Zoom out", () => zoomBy(2)], ["Whole video", () => show(0, data.duration_s)]]) {
      const button = element("button", "", title)
      button.onclick = act
      zoom.append(button)
    }
    const roles = data.roles.map((role) => {
      const line = element("div", "role"), patch = element("i")
      patch.style.background = role.colour
      line.append(patch, element("span", "", role.title + ": " + role.count))
      return line
    })
    const hint = element("div", "hint", "Click to go there; drag the line to try another threshold; keys + and - zoom, arrows move.")
    found.facts.replaceChildren(...roles, here, zoom, hint)
    found.here = here
    return found
  }

  function draw() {
    drawThumbs()
    drawCurve()
    drawMap()
    drawCursor()
    say(state.time)
  }

  function x(time) {
    return ((time - state.from) / Math.max(state.to - state.from, 1e-6)) * parts.band.clientWidth
  }

  function y(prob) {
    return (CURVE_PX - AXIS_PX - ROLES_PX - 4) * (1 - prob) + 4
  }

  function timeAt(event) {
    const left = parts.band.getBoundingClientRect().left
    const share = Math.min(Math.max((event.clientX - left) / parts.band.clientWidth, 0), 1)
    return state.from + share * (state.to - state.from)
  }

  function drawThumbs() {
    const count = Math.max(Math.floor(parts.band.clientWidth / THUMB_PX), 1), span = (state.to - state.from) / count
    const times = Array.from({ length: count }, (_, i) => state.from + (i + 0.5) * span)
    const wanted = times.map((time) => (span > 2 ? Math.floor(time) + 0.5 : time).toFixed(2)).join()
    if (state.thumbs === wanted) return
    state.thumbs = wanted
    clearTimeout(state.waiting)
    state.waiting = setTimeout(() => {
      parts.thumbs.replaceChildren(...wanted.split(",").map((time) => {
        const image = element("img")
        image.alt = ""
        image.draggable = false
        image.src = data.frame + "?side=64&t=" + time
        image.onerror = () => { image.style.visibility = "hidden" }
        return image
      }))
    }, parts.thumbs.children.length ? 250 : 0)
  }

  function drawCurve() {
    const pen = paper(parts.curve, CURVE_PX), width = parts.band.clientWidth
    const bottom = y(0)
    for (const [start, end, prob, role] of data.segments) {
      if (end < state.from || start > state.to) continue
      const left = x(start), wide = Math.max(x(end) - left - (x(end) - left > 3 ? 1 : 0), 0.6)
      pen.fillStyle = colours[role]
      pen.globalAlpha = prob === null ? 0.25 : 0.85
      pen.fillRect(left, prob === null ? bottom - 2 : Math.min(y(prob), bottom - 1), wide, prob === null ? 2 : Math.max(bottom - y(prob), 1))
      pen.globalAlpha = 1
      pen.fillRect(left, bottom + 3, wide, ROLES_PX - 3)
    }
    pen.fillStyle = text
    pen.font = "11px " + theme.fontFamily
    pen.globalAlpha = 0.7
    const step = tidy((state.to - state.from) / Math.max(width / 90, 1))
    for (let time = Math.ceil(state.from / step) * step; time <= state.to; time += step) {
      const at = x(time)
      pen.fillRect(at, bottom + ROLES_PX, 1, 4)
      pen.textAlign = at < 20 ? "left" : at > width - 20 ? "right" : "center"
      pen.fillText(clock(time, step), at, CURVE_PX - 2)
    }
    pen.textAlign = "left"
    for (const prob of [0.5, 1]) {
      pen.globalAlpha = 0.25
      pen.fillRect(0, y(prob), width, 1)
      pen.globalAlpha = 0.7
      pen.fillText(prob === 1 ? "1" : "0.5", 3, y(prob) + 11)
    }
    drawLine(pen, width)
  }

  function drawLine(pen, width) {
    pen.globalAlpha = 1
    pen.strokeStyle = pen.fillStyle = primary
    pen.lineWidth = 1.5
    pen.setLineDash([6, 4])
    pen.beginPath()
    pen.moveTo(0, y(state.least))
    pen.lineTo(width, y(state.least))
    pen.stroke()
    pen.setLineDash([])
    const label = "threshold " + state.least.toFixed(2), at = y(state.least) + (state.least > 0.85 ? 4 : -17)
    const wide = pen.measureText(label).width + 10
    pen.fillStyle = theme.getPropertyValue("--st-background-color") || "white"
    pen.fillRect(width - wide, at, wide, 14)
    pen.fillStyle = primary
    pen.textAlign = "right"
    pen.fillText(label, width - 5, at + 11)
  }

  function drawMap() {
    const zoomed = state.to - state.from < data.duration_s - 1e-6
    parts.map.style.display = zoomed ? "block" : "none"
    if (!zoomed) return
    const pen = paper(parts.map, MAP_PX), width = parts.band.clientWidth, scale = width / data.duration_s
    pen.globalAlpha = 0.6
    for (const [start, end, , role] of data.segments) {
      pen.fillStyle = colours[role]
      pen.fillRect(start * scale, 6, Math.max((end - start) * scale, 0.6), MAP_PX - 12)
    }
    pen.globalAlpha = 1
    pen.strokeStyle = primary
    pen.lineWidth = 2
    pen.strokeRect(state.from * scale + 1, 1, Math.max((state.to - state.from) * scale - 2, 3), MAP_PX - 2)
  }

  function drawCursor() {
    const at = x(state.time)
    parts.cursor.style.display = at < 0 || at > parts.band.clientWidth ? "none" : "block"
    parts.cursor.style.left = at + "px"
    parts.cursor.style.height = parts.thumbs.offsetHeight + CURVE_PX - AXIS_PX + "px"
  }

  function hover(event) {
    const near = Math.abs(event.offsetY - y(state.least)) < GRAB_PX && event.currentTarget === parts.curve
    parts.curve.classList.toggle("grab", near)
    say(timeAt(event))
  }

  function say(time) {
    const segment = data.segments.find(([start, end]) => time >= start && time < end) ?? data.segments.at(-1)
    const role = data.roles.find((one) => one.name === segment?.[3])
    const lines = [clock(time, 0.1)]
    if (segment) {
      const prob = segment[2] === null ? "not among the likeliest classes" : segment[2].toFixed(3)
      lines.push(isolated(data.class_name) + ": " + prob, "most likely " + isolated(segment[4]) + " " + segment[5].toFixed(2) + ", " + role.title.toLowerCase())
    }
    parts.here.replaceChildren(...lines.map((line) => element("div", "", line)))
  }

  function seek(time) {
    state.time = time
    const beyond = parts.video.duration && time > parts.video.duration
    parts.screen.classList.toggle("still", Boolean(beyond))
    if (beyond) parts.still.src = data.frame + "?side=360&t=" + time.toFixed(2)  // a preview ends before its video
    else parts.video.currentTime = time
    drawCursor()
    say(time)
    root.focus({ preventScroll: true })
  }

  function press(event) {
    if (Math.abs(event.offsetY - y(state.least)) >= GRAB_PX) return seek(timeAt(event))
    parts.curve.setPointerCapture(event.pointerId)
    parts.curve.onpointermove = (moved) => {
      const share = (moved.offsetY - 4) / (y(0) - 4)
      state.least = Math.round(100 * Math.min(Math.max(1 - share, 0), 1)) / 100
      drawCurve()
    }
    parts.curve.onpointerup = () => {
      parts.curve.onpointermove = parts.curve.onpointerup = null
      setTriggerValue("threshold", state.least)
    }
  }

  function pan(event) {
    const width = state.to - state.from
    const move = (moved) => {
      const left = parts.band.getBoundingClientRect().left
      const middle = ((moved.clientX - left) / parts.band.clientWidth) * data.duration_s
      show(middle - width / 2, middle + width / 2)
    }
    parts.map.setPointerCapture(event.pointerId)
    parts.map.onpointermove = move
    parts.map.onpointerup = () => { parts.map.onpointermove = parts.map.onpointerup = null }
    move(event)
  }

  function zoomBy(factor) {
    const inside = state.time >= state.from && state.time <= state.to
    const middle = inside ? state.time : (state.from + state.to) / 2
    const half = Math.max(((state.to - state.from) * factor) / 2, 1)
    show(middle - half, middle + half)
  }

  function show(from, to) {
    const width = Math.min(to - from, data.duration_s)
    state.from = Math.min(Math.max(from, 0), data.duration_s - width)
    state.to = state.from + width
    draw()
  }

  function keys(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target === parts.video) return
    if (event.key === " " && event.target !== root) return // it presses the button that has the focus
    const step = (state.to - state.from) / 20
    if (event.key === "+" || event.key === "=") zoomBy(0.5)
    else if (event.key === "-") zoomBy(2)
    else if (event.key === "ArrowRight") seek(Math.min(state.time + step, data.duration_s))
    else if (event.key === "ArrowLeft") seek(Math.max(state.time - step, 0))
    else if (event.key === " ") parts.video.paused ? parts.video.play() : parts.video.pause()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  function paper(canvas, height) {
    const ratio = window.devicePixelRatio || 1, width = parts.band.clientWidth
    canvas.width = width * ratio
    canvas.height = height * ratio
    const pen = canvas.getContext("2d")
    pen.scale(ratio, ratio)
    pen.clearRect(0, 0, width, height)
    return pen
  }
}

function tidy(least) {
  return [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].find((step) => step >= least) ?? 7200
}

function clock(time, step) {
  const digits = step < 1 ? 1 : 0, whole = Math.floor(time + (digits ? 0 : 0.5))
  const seconds = digits ? (time % 60).toFixed(1).padStart(4, "0") : String(whole % 60).padStart(2, "0")
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60
  return (hours ? hours + ":" + String(minutes).padStart(2, "0") : minutes) + ":" + seconds
}

// a name that is written from right to left keeps that to itself
function isolated(name) {
  return "\u2068" + name + "\u2069"
}

function element(name, className = "", text = "") {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}
