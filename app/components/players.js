// Clips of one length in step: the first that plays leads, the others follow it.
const states = new WeakMap()
const SPEEDS = [0.25, 0.5, 1]

export default function (component) {
  const { data, parentElement } = component
  const root = parentElement.querySelector(".players")
  const state = states.get(root) ?? { playing: true, speed: 1, time: 0 }
  states.set(root, state)
  const box = root.querySelector(".clips")
  const shown = JSON.stringify(data.clips)
  if (box.dataset.shown !== shown) {
    box.dataset.shown = shown
    box.replaceChildren(...data.clips.map(makeClip))
  }
  const controls = drawControls()
  let shownMark = null
  cancelAnimationFrame(state.frame)
  tick()
  return () => cancelAnimationFrame(state.frame)

  function videos() {
    return [...box.querySelectorAll(".screen.plays video")]
  }

  function makeClip(clip) {
    const made = element("div", "clip"), screen = element("div", "screen")
    const still = element("img")
    still.src = data.poster
    still.alt = ""
    const says = element("div", "says", clip.url ? "making the clip" : clip.missing)
    screen.append(still, says)
    if (clip.url) {
      const video = element("video")
      Object.assign(video, { muted: true, loop: true, playsInline: true, preload: "auto" })
      video.setAttribute("aria-label", clip.title)
      video.oncanplay = () => {
        if (screen.classList.contains("plays")) return
        screen.classList.add("plays")
        video.currentTime = state.time
        video.playbackRate = state.speed
        if (state.playing) video.play()
      }
      video.onerror = () => { says.textContent = "this clip cannot be shown" }
      video.src = clip.url
      screen.append(video)
    }
    made.append(screen, element("div", "title", clip.title), element("div", "note", clip.note))
    return made
  }

  function drawControls() {
    const made = root.querySelector(".controls")
    const play = element("button", "", state.playing ? "Pause" : "Play")
    play.onclick = () => {
      state.playing = !state.playing
      play.textContent = state.playing ? "Pause" : "Play"
      for (const video of videos()) state.playing ? video.play() : video.pause()
    }
    const bar = element("div", "bar"), slider = element("input"), where = element("div", "where")
    Object.assign(slider, { type: "range", min: 0, max: data.duration_s, step: 0.01, value: state.time })
    slider.setAttribute("aria-label", "Time in the clip")
    slider.oninput = () => {
      if (state.playing) play.onclick()
      state.time = Number(slider.value)
      for (const video of videos()) video.currentTime = state.time
    }
    const marks = data.marks_s.map((time) => {
      const mark = element("div", "mark")
      // a range's thumb is 16 px wide, so its centre does not reach the ends
      const share = data.duration_s ? time / data.duration_s : 0
      mark.style.left = "calc(8px + (100% - 16px) * " + share + ")"
      return mark
    })
    bar.append(slider, ...marks)
    const speeds = element("div", "speeds")
    for (const speed of SPEEDS) {
      const button = element("button", speed === state.speed ? "on" : "", speed + "x")
      button.setAttribute("aria-pressed", speed === state.speed)
      button.onclick = () => {
        state.speed = speed
        for (const video of videos()) video.playbackRate = speed
        for (const other of speeds.children) {
          other.classList.toggle("on", other === button)
          other.setAttribute("aria-pressed", other === button)
        }
      }
      speeds.append(button)
    }
    made.replaceChildren(play, speeds, bar, where)
    return { slider, marks, where }
  }

  function tick() {
    const [lead, ...others] = videos()
    if (lead) {
      if (state.playing) state.time = Math.min(lead.currentTime, data.duration_s)
      for (const video of others) {
        const gap = Math.abs(video.currentTime - lead.currentTime)
        if (state.playing && gap > 0.12 && gap < data.duration_s - 0.2) video.currentTime = lead.currentTime
      }
      controls.slider.value = state.time
    }
    let seen = -1
    data.marks_s.forEach((time, i) => { if (state.time >= time - 0.02) seen = i })
    if (seen !== shownMark) { // at most frames nothing of it changes
      shownMark = seen
      controls.marks.forEach((mark, i) => mark.classList.toggle("now", i === seen))
      controls.where.textContent = "seen by the network: " + (seen + 1) + " of " + data.marks_s.length
    }
    state.frame = requestAnimationFrame(tick)
  }
}

function element(name, className = "", text = "") {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}
