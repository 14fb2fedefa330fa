import { HELD_STATUS } from './envoy-files.js';

const MODEL = 'model %ROUTE_NAME%';

/**
 * What Envoy answers itself, in the model servers' own shape: `{"error": …}`, what happened and what to do. The first entry
 * that fits counts; `%…%` are Envoy's.
 */
export function envoyReplies(): object {
  return {
    mappers: [
      reply(
        flagged('NR'),
        'no model is served at %REQ(:PATH):200%: expected POST /v2/models/<model>/infer of a model with `serving` in its model file ' +
          'and a promoted version; `ratchet get` lists the models',
      ),
      reply(
        coded(401),
        `${MODEL}: expected a valid token in the header "authorization: Bearer <token>" (serving.jwt), found: %LOCAL_REPLY_BODY%: ` +
          'ask its issuer for a new one',
      ),
      reply(
        coded(403),
        `${MODEL}: the token is valid, and not for this model (serving.jwt.audiences), found: %LOCAL_REPLY_BODY%: ` +
          'ask its issuer for one with its audience',
      ),
      reply(coded(429), `${MODEL}: more requests than serving.rateLimit allows: ask again in a second, and more slowly`),
      reply(
        flagged('UO'),
        `${MODEL}: more requests at once than serving.concurrentRequestsMax allows: ask again in a moment, with fewer at once`,
      ),
      reply(
        coded(504),
        `${MODEL}: no answer within serving.timeoutMs, %METADATA(ROUTE:ratchet:timeoutMs)% ms: ask again, or with fewer rows in one request`,
      ),
      {
        ...reply(coded(HELD_STATUS), `${MODEL}: its serving is paused: no request is answered until a person resumes it`),
        status_code: 503,
      },
      reply(
        coded(503),
        `${MODEL}: none of its servers answers (%RESPONSE_CODE_DETAILS%): ask again in a moment; \`ratchet status %ROUTE_NAME%\` says ` +
          'which version should',
      ),
    ],
    // What nobody foresaw, with Envoy's own words: a path with escaped slashes, headers that are too large.
    body_format: { json_format: { error: 'HTTP %RESPONSE_CODE%: %LOCAL_REPLY_BODY% (%RESPONSE_CODE_DETAILS%): correct the request' } },
  };
}

function reply(filter: object, error: string): object {
  return { filter, body_format_override: { json_format: { error } } };
}

function flagged(flag: string): object {
  return { response_flag_filter: { flags: [flag] } };
}

function coded(status: number): object {
  return { status_code_filter: { comparison: { op: 'EQ', value: { default_value: status, runtime_key: `ratchet.reply_${status}` } } } };
}
