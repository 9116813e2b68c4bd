// Makes the week comfortable: changes are added, removed and copied, and the bars follow. Without it the form works too.
const week = document.querySelector("form.week");
const days = [...week.querySelectorAll("[data-day]")];
const QUARTERS = 96;
const quarter = (at) => Number(at.slice(0, 2)) * 4 + Number(at.slice(3)) / 15;

// The last row of each day is its empty one: what a new change is made of.
const blanks = new Map(days.map((day) => {
  const rows = day.querySelectorAll(".change");
  const last = rows[rows.length - 1];
  last.remove();
  return [day.dataset.day, last];
}));

function add(day, at, armed) {
  const row = blanks.get(day.dataset.day).cloneNode(true);
  row.querySelector("[name=at]").value = at;
  row.querySelector("[name=armed]").value = armed;
  row.querySelector("[data-remove]").hidden = false;
  day.querySelector(".changes").append(row);
  return row;
}

function steps() {
  return days.map((day) => [...day.querySelectorAll(".change")]
    .map((row) => ({ at: row.querySelector("[name=at]").value, armed: row.querySelector("[name=armed]").value }))
    .filter((step) => step.at !== "")
    .sort((one, other) => quarter(one.at) - quarter(other.at)));
}

function drawSpan(bar, begin, end, armed) {
  if (end <= begin) return;
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  for (const [name, value] of [["x", begin], ["width", end - begin], ["height", 1], ["class", armed === "yes" ? "armed" : "disarmed"]]) {
    rect.setAttribute(name, value);
  }
  bar.append(rect);
}

function draw() {
  const all = steps();
  let armed = all.flat().at(-1)?.armed;
  days.forEach((day, number) => {
    const bar = day.querySelector(".day-bar");
    bar.replaceChildren();
    if (armed === undefined) return;
    let begin = 0;
    for (const step of all[number]) {
      drawSpan(bar, begin, quarter(step.at), armed);
      begin = quarter(step.at);
      armed = step.armed;
    }
    drawSpan(bar, begin, QUARTERS, armed);
  });
}

function edited() {
  week.querySelector("[data-unsaved]").hidden = false;
  draw();
}

function copyEverywhere(from) {
  const wanted = steps()[days.indexOf(from)];
  for (const day of days.filter((other) => other !== from)) {
    day.querySelector(".changes").replaceChildren();
    for (const step of wanted) add(day, step.at, step.armed);
  }
}

week.addEventListener("change", edited);
week.addEventListener("click", ({ target }) => {
  const button = target instanceof Element ? target.closest("button[type=button]") : null;
  const day = button?.closest("[data-day]");
  if (!day) return;
  if (button.matches("[data-add]")) {
    const last = [...day.querySelectorAll("[name=armed]")].at(-1);
    const turn = last?.value === "yes" ? "no" : "yes";
    add(day, turn === "yes" ? "22:00" : "23:00", turn).querySelector("select").focus();
  } else if (button.matches("[data-remove]")) {
    button.closest(".change").remove();
    day.querySelector("[data-add]").focus();
  } else {
    copyEverywhere(day);
  }
  edited();
});

for (const hidden of week.querySelectorAll("[data-scripted], [data-remove]")) hidden.hidden = false;
