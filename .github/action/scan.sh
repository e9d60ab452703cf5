#!/usr/bin/env bash
# Scans, and writes the SARIF report, the step's outputs and the job's summary. It succeeds however
# the scan ends: the action's last step passes the exit code on, after the upload.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
meshvet=$RUNNER_TEMP/meshvet/bin/meshvet
json=$RUNNER_TEMP/meshvet.json
sarif=${INPUT_SARIF_FILE:-$RUNNER_TEMP/meshvet.sarif}

wrong() {
  echo "::error::$1"
  echo "exit-code=2" >>"$GITHUB_OUTPUT"
  exit 2
}
flag() { # NAME VALUE
  case $2 in
    true | false) ;;
    *) wrong "$1 is true or false" ;;
  esac
}

command -v jq >/dev/null || wrong "meshvet's action needs jq on the runner"
case $INPUT_FAIL_ON in
  critical | high | medium | low | info | never) ;;
  *) wrong "fail-on is critical, high, medium, low, info or never" ;;
esac
flag allow-partial "$INPUT_ALLOW_PARTIAL"
flag summary "$INPUT_SUMMARY"
# an output is one line; a second one would be an output of the caller's choosing
case $sarif in
  *[$'\n\r']*) wrong "sarif-file is one line" ;;
esac

paths=()
while IFS= read -r path || [[ -n $path ]]; do
  path=${path%$'\r'}
  [[ -n $path ]] && paths+=("$path")
done <<<"$INPUT_PATHS"
[[ ${#paths[@]} -gt 0 ]] || wrong "paths names nothing to scan"

arguments=(--color never --fail-on "$INPUT_FAIL_ON" --output "sarif=$sarif" --output "json=$json")
[[ -n $INPUT_NEW_SINCE ]] && arguments+=("--new-since=$INPUT_NEW_SINCE")
[[ $INPUT_ALLOW_PARTIAL == true ]] && arguments+=(--allow-partial)

# reports of an earlier run must not be taken for those of this one
rm -f -- "$json" "$sarif"
# the report quotes files: the runner must not take a line of them for a command
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
code=0
"$meshvet" scan "${arguments[@]}" -- "${paths[@]}" 2>&1 || code=$?
echo "::$token::"

{
  echo "exit-code=$code"
  if [[ -f $json && -f $sarif ]]; then
    echo "sarif-file=$sarif"
    jq -r '"findings=\(.findings | length)",
      "highest-severity=\(.summary as $count
        | first(("critical", "high", "medium", "low", "info") | select($count[.] > 0)) // "none")"' "$json"
  fi
} >>"$GITHUB_OUTPUT"

if [[ $INPUT_SUMMARY == true ]]; then
  if [[ -f $json ]]; then
    jq -r --argjson code "$code" --arg fail_on "$INPUT_FAIL_ON" --arg new_since "$INPUT_NEW_SINCE" -f "$here/summary.jq" "$json"
  else
    printf '## meshvet\n\nNothing was scanned (exit code %d); the log says why.\n' "$code"
  fi >>"$GITHUB_STEP_SUMMARY"
fi
