// Numbers as links: a plain click stays in this session, any other click opens the link as browsers do.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const table = parentElement.querySelector("table")
  table.setAttribute("aria-label", data.alt)
  const titles = [element("th")]
  for (const column of data.columns) {
    const title = element("th", "", column.title)
    title.title = column.hint
    title.scope = "col"
    titles.push(title)
  }
  const head = element("tr")
  head.append(...titles)
  table.querySelector("thead").replaceChildren(head)
  table.querySelector("tbody").replaceChildren(...data.rows.map(makeRow))

  function makeRow(row, number) {
    const line = element("tr")
    const who = element("th")
    who.scope = "row"
    const name = element("div", "name")
    if (row.colour) {
      const dot = element("i")
      dot.style.background = row.colour
      name.append(dot)
    }
    name.append(element("span", "", row.name))
    name.title = row.name
    who.append(name, element("div", "note", row.note))
    line.append(who, ...row.cells.map((cell, column) => makeCell(cell, row, number, column)))
    return line
  }

  function makeCell(cell, row, number, column) {
    const box = element("td")
    if (cell.count == null) {
      box.append(element("span", "unknown", "\u2013"))
      return box
    }
    const value = element("div", "value")
    const count = element(cell.href ? "a" : "span", "count", cell.count.toLocaleString("en"))
    if (cell.href) {
      count.href = cell.href
      count.title = row.name + ": " + data.columns[column].title.toLowerCase()
      count.onclick = (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return
        event.preventDefault()
        setTriggerValue("opened", { row: number, column })
      }
    }
    value.append(count)
    if (cell.lost > 0) value.append(element("span", "lost", "\u2212" + cell.lost.toLocaleString("en")))
    const bar = element("div", "bar")
    const filled = element("b")
    filled.style.width = Math.min(cell.share, 1) * 100 + "%"
    if (row.colour) filled.style.background = row.colour
    bar.append(filled)
    box.append(value, bar)
    return box
  }
}

function element(tag, name = "", text = "") {
  const made = document.createElement(tag)
  if (name) made.className = name
  if (text) made.textContent = text
  return made
}
