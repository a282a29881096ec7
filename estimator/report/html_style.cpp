#include "estimator/report/html_charts.h"

namespace titan::estimator {

const char* const kStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f6f6f4; --card: #ffffff; --ink: #16181d; --soft: #5b6069; --rule: #dddcd6; --track: #eeede8;
  --good: #0f7b3e; --good-back: #e2f4e9; --bad: #b3261e; --bad-back: #fdeae8;
  --c0: #2a78d6; --c1: #e0692f; --c2: #12977c; --c3: #d99a00; --c4: #d0629a; --c5: #5f8d1e; --c6: #5d4bc0; --c7: #8a6d5a;
  --scope: #c9ccd3; --idle: #b9bcc4; --host: #7a818d;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15171b; --card: #1e2126; --ink: #eceef2; --soft: #a2a8b3; --rule: #363a42; --track: #2a2e35;
    --good: #5fd08c; --good-back: #17301f; --bad: #ff8a80; --bad-back: #3a1d1b;
    --c0: #4a90e2; --c1: #e57a45; --c2: #2bb39a; --c3: #d8a31f; --c4: #dd7bad; --c5: #84b03e; --c6: #9486ea; --c7: #b08f79;
    --scope: #4a4f59; --idle: #575c67; --host: #8d95a3;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto,
  "Liberation Sans", Arial, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 28px 20px 48px; display: grid; gap: 18px; }
main > * { min-width: 0; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0; font-weight: 650; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 0 0 2px; font-weight: 650; }
p { margin: 0; }
.eyebrow { color: var(--soft); font-size: .82rem; letter-spacing: .06em; text-transform: uppercase; }
.soft { color: var(--soft); overflow-wrap: anywhere; }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 18px 20px 20px; }
section > .soft { margin-bottom: 12px; font-size: .92rem; }
.number, td, th, .ytick, .xtick, .tile b { font-variant-numeric: tabular-nums; }
.verdict { display: inline-block; padding: 3px 12px; border-radius: 999px; font-weight: 650; }
.fits .verdict { color: var(--good); background: var(--good-back); }
.over .verdict { color: var(--bad); background: var(--bad-back); }
.answer > p { margin: 8px 0 0; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 14px 24px; margin-top: 16px; }
.tile span { display: block; color: var(--soft); font-size: .88rem; }
.tile b { display: block; font-size: 1.75rem; line-height: 1.2; font-weight: 620; letter-spacing: -.015em; }
.meter { position: relative; margin-top: 16px; }
.meter div { display: flex; height: 14px; border-radius: 7px; overflow: hidden; background: var(--track); gap: 2px; }
.meter i { height: 100%; }
.meter .limit { position: absolute; top: -4px; width: 2px; height: 22px; background: var(--bad); }
.m-allocated { background: var(--c0); } .m-reserved { background: var(--c6); } .m-beside { background: var(--c7); }
.m-free { background: var(--track); }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 0; margin: 8px 0 12px; font-size: .88rem;
  color: var(--soft); }
.legend i { display: inline-block; width: 11px; height: 11px; border-radius: 3px; margin-right: 7px; vertical-align: -1px; }
.legend i.line { height: 0; width: 20px; border-radius: 0; vertical-align: 4px; }
.legend i.capacity { border-top: 2px solid var(--bad); } .legend i.device { border-top: 2px dashed var(--soft); }
.legend i.dot { border-radius: 50%; border: 2px solid var(--ink); background: var(--card); }
.chart { padding: 22px 0 0 46px; position: relative; }
.plot { position: relative; height: 320px; margin-right: 14px; }
.plot svg { display: block; width: 100%; height: 100%; overflow: visible; }
.plot path { stroke-width: 1px; vector-effect: non-scaling-stroke; }
.plot .c0 { stroke: var(--c0); } .plot .c1 { stroke: var(--c1); } .plot .c2 { stroke: var(--c2); } .plot .c3 { stroke: var(--c3); }
.plot .c4 { stroke: var(--c4); } .plot .c5 { stroke: var(--c5); } .plot .c6 { stroke: var(--c6); } .plot .c7 { stroke: var(--c7); }
.plot line { vector-effect: non-scaling-stroke; stroke-width: 1px; }
line.grid { stroke: var(--rule); } line.capacity { stroke: var(--bad); stroke-width: 2px; }
line.device { stroke: var(--soft); stroke-width: 2px; stroke-dasharray: 6 5; }
.ytick { position: absolute; right: calc(100% + 8px); transform: translateY(-50%); color: var(--soft); font-size: .8rem; }
.xtick { position: absolute; top: calc(100% + 4px); transform: translateX(-50%); color: var(--soft); font-size: .8rem; }
.unit { position: absolute; left: 0; top: -2px; width: 38px; text-align: right; color: var(--soft); font-size: .8rem; }
.xunit { display: block; text-align: center; color: var(--soft); font-size: .8rem; margin-top: 24px; }
.mark { position: absolute; transform: translateY(-100%); padding-left: 4px; font-size: .8rem; color: var(--bad);
  text-shadow: 0 0 3px var(--card), 0 0 3px var(--card), 0 0 3px var(--card); }
.mark.under { transform: none; }
.peak { position: absolute; width: 12px; height: 12px; margin: -6px 0 0 -6px; border-radius: 50%; border: 2px solid var(--ink);
  background: var(--card); }
.cursor { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--ink); pointer-events: none; }
.tip { position: absolute; top: 8px; background: var(--card); border: 1px solid var(--rule); border-radius: 8px; padding: 7px 10px;
  font-size: .8rem; line-height: 1.4; pointer-events: none; white-space: pre; box-shadow: 0 3px 14px #0003;
  font-variant-numeric: tabular-nums; z-index: 1; }
.lane { display: grid; grid-template-columns: 112px minmax(0, 1fr); gap: 10px; align-items: center; margin-bottom: 6px; }
.lane > span { color: var(--soft); font-size: .84rem; text-align: right; overflow: hidden; text-overflow: ellipsis; }
.lane svg { display: block; width: 100%; background: var(--track); border-radius: 4px; }
.lane rect.k-scope { stroke: var(--card); stroke-width: 1px; vector-effect: non-scaling-stroke; }
.lane rect:hover { opacity: .7; }
.axis > div { position: relative; height: 1px; } .timeline { padding-right: 14px; }
.stack { display: flex; height: 26px; gap: 2px; border-radius: 6px; overflow: hidden; margin: 12px 0 14px; }
.stack i { flex-basis: 0; min-width: 0; }
.bar { display: grid; grid-template-columns: 170px minmax(40px, 1fr) 92px 64px; gap: 12px; align-items: center; padding: 2px 0;
  font-size: .92rem; }
.bar span:first-child { overflow-wrap: anywhere; }
.bar b { background: var(--track); height: 12px; border-radius: 3px; overflow: hidden; } .bar b i { display: block; height: 100%; min-width: 1px; }
.number { text-align: right; white-space: nowrap; } .share { color: var(--soft); }
.total { margin-top: 10px; display: grid; gap: 2px; font-size: .92rem; }
.remedy { display: grid; grid-template-columns: minmax(0, 1fr) 110px 140px; gap: 2px 12px; padding: 7px 0;
  border-bottom: 1px solid var(--rule); font-size: .92rem; }
.remedy:last-child { border: 0; padding-bottom: 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: right; padding: 6px 10px; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { color: var(--soft); font-weight: 550; } .l { text-align: left; } tr.full td { background: var(--track); font-weight: 600; }
td.bad { color: var(--bad); } td.wrap { white-space: normal; overflow-wrap: anywhere; }
code { font: .88em ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.warn { color: var(--bad); font-weight: 600; } ul.notes { margin: 10px 0 0; padding-left: 18px; font-size: .92rem; overflow-wrap: anywhere; }
.c0, .k-matmul { background: var(--c0); fill: var(--c0); } .c1, .k-communication { background: var(--c1); fill: var(--c1); }
.c2 { background: var(--c2); fill: var(--c2); } .c3, .k-memory { background: var(--c3); fill: var(--c3); }
.c4, .k-tiny { background: var(--c4); fill: var(--c4); } .c5 { background: var(--c5); fill: var(--c5); }
.c6, .k-attention { background: var(--c6); fill: var(--c6); } .c7, .k-other { background: var(--c7); fill: var(--c7); }
.k-scope { background: var(--scope); fill: var(--scope); } .k-host { background: var(--host); fill: var(--host); }
.k-idle { background: var(--idle); fill: var(--idle); } .k-bubble { background: var(--host); fill: var(--host); }
@media (max-width: 640px) {
  main { padding: 18px 12px 32px; gap: 12px; } section { padding: 14px; border-radius: 10px; } h1 { font-size: 1.3rem; }
  .chart { padding-left: 38px; } .unit { width: 30px; } .plot { height: 250px; margin-right: 6px; }
  .lane { grid-template-columns: minmax(0, 1fr); gap: 1px; } .lane > span { text-align: left; } .timeline { padding-right: 6px; }
  .bar { grid-template-columns: minmax(0, 1fr) 84px 58px; gap: 2px 8px; padding: 4px 0; } .bar b { grid-column: 1 / -1; grid-row: 2; }
  .remedy { grid-template-columns: 110px 1fr; } .remedy code { grid-column: 1 / -1; } .remedy .number { text-align: left; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 12px 14px; } .tile b { font-size: 1.4rem; }
}
)css";

const char* const kScript = R"js(
const chart = document.getElementById("memory");
if (chart) {
  const data = JSON.parse(chart.querySelector("script").textContent);
  const plot = chart.querySelector(".plot"), cursor = chart.querySelector(".cursor"), tip = chart.querySelector(".tip");
  const gib = bytes => (bytes / 2 ** 30).toFixed(2).padStart(8) + " GiB  ";
  plot.addEventListener("pointermove", event => {
    const box = plot.getBoundingClientRect();
    const at = data.begin + data.length * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    let i = 0;
    while (i + 1 < data.times.length && data.times[i + 1] <= at) ++i;
    const x = (data.times[i] - data.begin) / data.length;
    const bytes = data.bytes[i], rows = data.names.map((name, k) => [bytes[k], name]).sort((a, b) => b[0] - a[0]);
    tip.textContent = data.times[i].toPrecision(4) + " s\n" + gib(bytes.reduce((a, b) => a + b, 0)) + "allocated\n" +
      rows.map(row => gib(row[0]) + row[1]).join("\n");
    cursor.hidden = tip.hidden = false;
    cursor.style.left = 100 * x + "%";
    const left = x * box.width + 12;
    tip.style.left = (left + tip.offsetWidth > box.width ? Math.max(0, left - 24 - tip.offsetWidth) : left) + "px";
  });
  plot.addEventListener("pointerleave", () => { cursor.hidden = tip.hidden = true; });
}
)js";

}  // namespace titan::estimator
