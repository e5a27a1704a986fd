//! The style sheet: the window's colours, light and dark, for a screen and for paper.

use crate::palette::{DARK, LIGHT, Slot, Tokens};

/// The sheet. Paper is always light.
pub(super) fn sheet() -> String {
    format!(
        ":root{{color-scheme:light dark;{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n{}{SHEET}",
        variables(&LIGHT),
        variables(&DARK),
        slots()
    )
}

/// The colours as variables of one theme.
fn variables(tokens: &Tokens) -> String {
    let plain = [
        ("bg", tokens.bg),
        ("panel", tokens.panel),
        ("raised", tokens.raised),
        ("badge", tokens.badge),
        ("line", tokens.line),
        ("grid", tokens.grid),
        ("strong", tokens.strong),
        ("text", tokens.text),
        ("text2", tokens.text2),
        ("text3", tokens.text3),
        ("danger", tokens.danger),
        ("danger-tint", tokens.danger_tint),
        ("warn", tokens.warn),
        ("warn-tint", tokens.warn_tint),
    ];
    let plain = plain.iter().map(|(name, colour)| format!("--{name}:{colour};"));
    let hues = (0..Slot::COUNT).map(|number| {
        let hues = Slot::new(number).hues(tokens.dark);
        format!("--ink{number}:{};--fill{number}:{};", hues.ink, hues.fill)
    });
    plain.chain(hues).collect()
}

/// A class for each slot of the palette.
fn slots() -> String {
    let class = |number| format!(".s{number}{{--ink:var(--ink{number});--fill:var(--fill{number})}}\n");
    (0..Slot::COUNT).map(class).collect()
}

const SHEET: &str = "\
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:14px/20px \"IBM Plex Sans\",system-ui,-apple-system,\"Segoe UI\",\"Noto Sans\",\"DejaVu Sans\",sans-serif;font-variant-numeric:tabular-nums}
main{max-width:1040px;margin:24px auto;padding:32px 40px;background:var(--panel);border-radius:8px}
h1{font-size:24px;line-height:32px;font-weight:600;margin:0;flex:1;text-wrap:pretty}
h2{font-size:18px;line-height:24px;font-weight:600;margin:0 0 8px}
h2 small{font-size:12px;color:var(--text3);font-weight:600}
h3{font-size:14px;line-height:20px;font-weight:600;margin:0 0 4px}
p{margin:0 0 4px}
.above{margin-top:16px}
section,footer{margin-top:32px}
.title{display:flex;gap:24px;align-items:flex-start;justify-content:space-between}
.badge{flex:none;background:var(--badge);border-radius:4px;padding:3px 8px;font-size:12px;line-height:18px;margin-top:4px}
.sub{color:var(--text2);margin-top:4px}
.cut{margin-top:8px;padding:8px 12px;border-left:4px solid var(--warn);background:var(--warn-tint);border-radius:4px}
.none,footer p,.more{color:var(--text2)}
.figures{display:flex;flex-wrap:wrap;gap:16px 40px;margin:24px 0 0}
.figures div{display:flex;flex-direction:column}
.figures dd{font-size:28px;line-height:36px;font-weight:600;margin:0;white-space:nowrap}
.figures dt{font-size:12px;line-height:16px;color:var(--text3)}
svg.plot{display:block;width:100%;height:auto;overflow:visible}
svg text{font-size:12px;fill:var(--text3)}
.axis,.tick{stroke:var(--grid);stroke-width:1}
.zero{stroke:var(--strong);stroke-width:1}
.area{fill:var(--fill);stroke:none}
.edge{fill:none;stroke:var(--ink);stroke-width:1.5;stroke-linejoin:round}
.edge.backup{stroke-dasharray:8 6}
.gap{fill:var(--raised);stroke:var(--line)}
.moment{stroke:var(--danger);stroke-width:1.5}
.flag{fill:var(--danger)}
svg text.number{fill:var(--panel);font-weight:600}
svg.mark{width:10px;height:10px;vertical-align:-1px;margin-right:6px;fill:var(--ink);overflow:visible}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;font-size:12px;line-height:16px;color:var(--text3);margin:8px 0}
details{margin-top:4px;font-size:12px;line-height:18px}
summary{cursor:pointer;color:var(--text2)}
details table{width:auto;min-width:50%}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%}
caption{text-align:left;color:var(--text3);font-size:12px;padding-bottom:4px}
th{font-size:12px;line-height:16px;font-weight:400;color:var(--text3);text-align:left;padding:4px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:bottom}
td{padding:8px 12px 8px 0;border-bottom:1px solid var(--line);vertical-align:top}
details td,details tbody th{padding:2px 12px 2px 0;font-size:12px;line-height:18px}
th:last-child,td:last-child{padding-right:0}
tbody th{font-size:14px;line-height:20px;color:var(--text2);padding:4px 12px 4px 0}
.two td{padding:4px 0}
ul.m{list-style:none;margin:0;padding:0}
.n{text-align:right;white-space:nowrap}
.w{white-space:nowrap}
.m{font-family:\"IBM Plex Mono\",ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;font-size:13px}
.b{font-weight:600}
.d{color:var(--danger)}
.q{color:var(--text3)}
td small{display:block;font-size:12px;line-height:16px;color:var(--text3)}
.finding{border-left:4px solid var(--strong);background:var(--raised);border-radius:4px;padding:12px 16px;margin-bottom:8px}
.finding p{font-size:12px;line-height:16px;color:var(--text2)}
.finding.problem{border-color:var(--danger);background:var(--danger-tint)}
.finding.warning{border-color:var(--warn);background:var(--warn-tint)}
pre{font-family:\"IBM Plex Mono\",ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;font-size:13px;background:var(--bg);border-radius:4px;padding:8px 12px;margin:8px 0 0;white-space:pre-wrap}
.two{display:grid;grid-template-columns:1fr 1fr;gap:16px 40px}
@media (max-width:720px){main{margin:0;padding:16px;border-radius:0}.title{flex-direction:column;gap:8px}.two{grid-template-columns:1fr}.figures{gap:12px 24px}section>table{display:block;overflow-x:auto}}
@page{size:A4;margin:14mm 14mm 16mm}
@media print{
body{background:none;font-size:10pt;line-height:14pt}
main{max-width:none;margin:0;padding:0;border-radius:0}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
h1{font-size:17pt;line-height:22pt}h2{font-size:13pt}
.title{display:block}.title .badge{display:inline-block;margin:4pt 0}
.figures{gap:8pt 16pt;margin-top:12pt}.figures dd{font-size:15pt;line-height:20pt}.figures dt{font-size:8pt}
section,footer{margin-top:18pt}
td,tbody th{padding:4pt 8pt 4pt 0;font-size:9pt;line-height:12pt}.two td,.two th{padding:1.5pt 0}th{padding:2pt 8pt 3pt 0;font-size:8pt}
.m{font-size:8.5pt}
h2,h3,thead{break-after:avoid}tr,svg,.finding,.figures div{break-inside:avoid}
thead{display:table-header-group}
details:not([open]){display:none}
}
";
