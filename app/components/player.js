// One picture or video, large; the strip below shows its segments, and a click on one goes there.
export default function (component) {
  const { data, parentElement } = component
  const screen = parentElement.querySelector(".screen")
  const strip = parentElement.querySelector(".strip")
  if (screen.dataset.url !== data.url) {
    screen.dataset.url = data.url
    screen.replaceChildren(data.plays ? makeVideo() : makeImage())
  }
  const video = screen.querySelector("video")
  drawStrip()

  function makeImage() {
    const image = element("img")
    image.alt = "the item"
    image.src = data.url
    image.onerror = () => screen.replaceChildren(element("div", "missing", "cannot be shown"))
    return image
  }

  function makeVideo() {
    const made = element("video")
    Object.assign(made, { controls: true, muted: true, autoplay: true, loop: true, playsInline: true, poster: data.poster })
    made.src = data.url + (data.start_s ? "#t=" + data.start_s : "")
    made.onerror = () => screen.replaceChildren(element("div", "missing", "cannot be shown"))
    return made
  }

  function drawStrip() {
    strip.style.display = data.bars.length ? "block" : "none"
    if (!data.bars.length) return
    const length_s = Math.max(...data.bars.map((bar) => bar.end_s), 0.001)
    const track = element("div", "track")
    for (const bar of data.bars) {
      const span = element("button", "span"), fill = element("i")
      span.style.left = (100 * bar.start_s) / length_s + "%"
      span.style.width = (100 * (bar.end_s - bar.start_s)) / length_s + "%"
      span.title = bar.title
      span.tabIndex = track.children.length ? -1 : 0 // one stop of Tab; arrows go on
      fill.style.height = Math.max(100 * bar.height, 2) + "%"
      fill.style.background = bar.colour
      span.append(fill)
      span.onclick = () => { if (video) { video.currentTime = bar.start_s; video.play() } }
      track.append(span)
    }
    track.onkeydown = (event) => stepOn(track, event)
    const cursor = element("div", "cursor")
    track.append(cursor)
    if (video) video.ontimeupdate = () => { cursor.style.left = Math.min((100 * video.currentTime) / length_s, 100) + "%" }
    const axis = element("div", "axis")
    axis.append(element("span", "", "0 s"), element("span", "", data.caption), element("span", "", length_s.toFixed(0) + " s"))
    const scale = element("div", "scale")
    scale.append(element("span", "", "1"), element("span", "", "0"))
    strip.replaceChildren(scale, track, axis)
  }
}

function stepOn(track, event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
  if (!step) return
  event.preventDefault()
  event.stopPropagation()
  const spans = [...track.querySelectorAll(".span")], here = spans.indexOf(event.target), next = spans[here + step]
  if (!next) return
  spans[here].tabIndex = -1
  next.tabIndex = 0
  next.focus()
}

function element(name, className = "", text = "") {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}
