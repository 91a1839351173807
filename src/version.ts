/** Version of this package; the conventions test holds it to package.json. */
export const VERSION = '0.1.0';

/** Stands in every result, in the command line's footer and in the README. */
export const NOTICE = 'Research software, not a medical device. Not for diagnosis or treatment.';
