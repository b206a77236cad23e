/** The entry of generators that speak all dialects of the comparison. */
import { runGenerator } from '../../server/generator-process.ts';
import { sveDialect } from '../../server/sve-dialect.ts';
import { sharedbDialects } from './sharedb-talker.ts';
import { hocuspocusDialect, yWebsocketDialects } from './yjs-talker.ts';

runGenerator([sveDialect, hocuspocusDialect, ...yWebsocketDialects, ...sharedbDialects]);
