// Rows of frames of one video, each frame by its time.
export default function (component) {
  const { data, parentElement } = component
  const root = parentElement.querySelector(".strips")
  const longest = Math.max(1, ...data.rows.map((row) => row.frames.length))
  root.style.setProperty("--row", Math.min(longest * 130, 900) + "px")
  root.replaceChildren(...data.rows.map((row) => {
    const made = element("div", "row"), frames = element("div", "frames")
    for (const frame of row.frames) {
      const one = element("div", "one"), picture = element("div", "picture"), image = element("img")
      picture.style.borderColor = frame.colour
      image.loading = "lazy"
      image.alt = frame.title
      image.src = data.frame + "?side=120&t=" + frame.time_s.toFixed(3)
      picture.append(image)
      one.append(picture, element("div", "title", frame.title))
      frames.append(one)
    }
    made.append(element("div", "name", row.title), frames)
    return made
  }))
}

function element(name, className = "", text = "") {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}
