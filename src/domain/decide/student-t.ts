/**
 * P(|T| < √ν·tan θ) for Student's t with ν degrees of freedom: a finite sum for whole ν, so exact up to rounding.
 * Source: Abramowitz & Stegun, 26.7.3 and 26.7.4.
 */
function centralProbability(angle: number, degreesOfFreedom: number): number {
  const cosSquared = Math.cos(angle) ** 2;
  const odd = degreesOfFreedom % 2 === 1;
  let term = odd ? Math.cos(angle) : 1;
  let sum = degreesOfFreedom === 1 ? 0 : term;
  for (let j = odd ? 3 : 2; j <= degreesOfFreedom - 2; j += 2) {
    term *= (cosSquared * (j - 1)) / j;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

function isDegreesOfFreedom(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

/** P(T ≤ t) for Student's t. `degreesOfFreedom` is a whole number ≥ 1; anything else gives NaN. */
export function studentTCdf(t: number, degreesOfFreedom: number): number {
  if (Number.isNaN(t) || !isDegreesOfFreedom(degreesOfFreedom)) return NaN;
  const central = centralProbability(Math.atan(Math.abs(t) / Math.sqrt(degreesOfFreedom)), degreesOfFreedom);
  return t < 0 ? (1 - central) / 2 : (1 + central) / 2;
}

/** P(T > t): the p-value of a one-sided test. NaN as in `studentTCdf`. */
export function studentTUpperTail(t: number, degreesOfFreedom: number): number {
  return studentTCdf(-t, degreesOfFreedom);
}

/**
 * The t with P(T > t) = α, for 0 < α < 1; by bisection on the angle, to a relative error below 1e-9 for α ≥ 1e-7.
 * Anything impossible gives NaN, and no limit that is NaN ever proves anything.
 */
export function studentTQuantile(alpha: number, degreesOfFreedom: number): number {
  if (!(alpha > 0 && alpha < 1) || !isDegreesOfFreedom(degreesOfFreedom)) return NaN;
  if (alpha > 0.5) return -studentTQuantile(1 - alpha, degreesOfFreedom);
  const target = 1 - 2 * alpha;
  let low = 0;
  let high = Math.PI / 2;
  for (let i = 0; i < 64; i++) {
    const middle = (low + high) / 2;
    if (centralProbability(middle, degreesOfFreedom) < target) low = middle;
    else high = middle;
  }
  return Math.sqrt(degreesOfFreedom) * Math.tan((low + high) / 2);
}
