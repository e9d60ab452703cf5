# The JSON report as Markdown for a job's summary. GitHub drops summaries above 1 MiB: at most 200
# findings and 50 problems of bounded length are shown, and the rest is counted.

# Text from the input stays text: no markup, no link, no second cell.
def plain($most):
  (if length > $most then .[:$most] + "…" else . end)
  | gsub("[[:cntrl:]]"; " ")
  | gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;")
  | gsub("\\|"; "&#124;") | gsub("`"; "&#96;") | gsub("\\*"; "&#42;") | gsub("_"; "&#95;")
  | gsub("\\["; "&#91;") | gsub("\\]"; "&#93;") | gsub("~"; "&#126;") | gsub("\\\\"; "&#92;")
  | gsub("://"; "&#58;//") | gsub("www\\."; "www&#46;") | gsub("@"; "&#64;");

def place:
  if . == null then "" else (.file | plain(200)) + (if .line then ":\(.line)" else "" end) end;

def more($shown; $what):
  if length > $shown then "", "… and \(length - $shown) more \($what)" else empty end;

def table($heads; $shown; $what; row):
  if length == 0 then empty else
    "",
    "| \($heads | join(" | ")) |",
    "|\([$heads[] | "---"] | join("|"))|",
    (.[:$shown][] | row | "| \(join(" | ")) |"),
    more($shown; $what)
  end;

def verdict:
  if $code == 0 then "Nothing at or above `\($fail_on)`."
  elif $code == 1 then "There are findings at or above `\($fail_on)`."
  elif $code == 4 then "**The scan is incomplete**: something could not be read or judged."
  else "The scan failed (exit code \($code))." end;

def counts:
  .summary as $count
  | [("critical", "high", "medium", "low", "info") | select($count[.] > 0) | "\($count[.]) \(.)"]
  | if length == 0 then "No findings" else "Findings: " + join(", ") end;

"## meshvet",
"",
verdict,
"",
"\(counts). \(.scan.workloads) workloads, \(.scan.files) files.",
(if $new_since == "" then empty else "", "Only what \($new_since | plain(100)) did not have is counted." end),
(.findings | table(["Severity", "Rule", "Where", "What"]; 200; "findings";
  [.severity, (.rule | plain(100)), (.location | place), (.message | plain(300))])),
(.problems | table(["Not understood", "Where", "What"]; 50; "things that were not understood";
  [(.kind | plain(60)), (.location | place), (.message | plain(300))]))
