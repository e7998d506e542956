
// What a bar says stands below its picture while somebody points at it. Without this file the browser shows the same as a title.

function chart(svg) {
  const says = document.createElement("p");
  says.className = "says";
  svg.after(says);
  let at = null;
  const point = (bar) => {
    at?.classList.remove("at");
    at = bar;
    at?.classList.add("at");
    says.textContent = at ? at.querySelector("title").textContent : "";
  };
  svg.addEventListener("pointermove", (event) => point(event.target.closest("g")));
  svg.addEventListener("pointerleave", () => point(null));
}

document.querySelectorAll("svg.columns[data-chart]").forEach(chart);
