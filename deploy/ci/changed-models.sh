# Sourced by the two scripts beside it.

# models_changed_since <commit>: the model files in whose folders something changed since, one a line. Where the
# commit is not known (a first push, a shallow clone), all of them: rather too many than one too few.
models_changed_since() {
  all_models=$(git -c core.quotePath=false ls-files -- '*.yaml' '*.yml' | while IFS= read -r file; do
    if grep -q '^apiVersion: *["'\'']\{0,1\}ratchet\.dev/' "$file" 2>/dev/null; then printf '%s\n' "$file"; fi
  done)
  if ! changed=$(git -c core.quotePath=false diff --name-only "$1...HEAD" 2>/dev/null); then
    printf '%s\n' "$all_models"
    return
  fi
  printf '%s\n' "$all_models" | while IFS= read -r model; do
    folder=$(dirname "$model")/
    if [ "$folder" = ./ ]; then folder=; fi
    if printf '%s\n' "$changed" | awk -v folder="$folder" 'index($0, folder) == 1 { found = 1 } END { exit !found }'; then
      printf '%s\n' "$model"
    fi
  done
}

# The worse of two exit codes: 1 an error, 2 rejected, 3 inconclusive, 0 well.
worse() {
  for code in 1 2 3; do
    if [ "$1" = "$code" ] || [ "$2" = "$code" ]; then
      echo "$code"
      return
    fi
  done
  if [ "$1" = 0 ]; then echo "$2"; else echo "$1"; fi
}

# for_changed_models <commit> <command>: the command with each of them, one after the other, whatever became of those before.
# Exit code: the worst of all.
for_changed_models() {
  models=$(models_changed_since "$1")
  if [ -z "$models" ]; then
    echo "no model changed since $1"
    return 0
  fi
  worst=0
  while IFS= read -r model <&3; do
    echo "== $model"
    status=0
    "$2" "$model" || status=$?
    worst=$(worse "$worst" "$status")
  done 3<<MODELS
$models
MODELS
  return "$worst"
}
