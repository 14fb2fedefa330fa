/** Tells the delivery of a notice that what it waits for has been decided. In histories: never rename. */
export const DECIDED_SIGNAL = 'decided';
