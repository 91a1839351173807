import { checkBundle } from '../bundle.mjs';

export default ({ folder }) => checkBundle(folder);
