/** What an error of S3 means, for an operator: what is wrong and what to do. */

/** What the message names; never the secret. */
export interface S3Place {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly region: string;
}

/** One sentence or two. */
export function s3Fault(error: unknown, place: S3Place): string {
  const { endpoint, bucket, accessKey, region } = place;
  const code = codeOf(error);
  // An attempt at several addresses of a host has a code and no message.
  const told = (error instanceof Error ? error.message : String(error)) || String(code);
  switch (code) {
    case 'NoSuchBucket':
      return (
        `there is no bucket ${bucket} at ${endpoint}. Make it ` +
        `(aws s3 mb s3://${bucket} --endpoint-url ${endpoint}), or correct its name.`
      );
    case 'InvalidAccessKeyId':
      return `${endpoint} does not know the access key ${accessKey}. Correct it.`;
    case 'SignatureDoesNotMatch':
      // Some say this of a key that they do not know.
      return `the secret is not that of an access key ${accessKey} at ${endpoint}. Correct both.`;
    case 'AccessDenied':
      return (
        `the access key ${accessKey} may not list the bucket ${bucket} at ${endpoint}. ` +
        'Give it the rights to list the bucket and to get, put and delete its objects.'
      );
    case 'RequestTimeTooSkewed':
      return `the clocks of this machine and of ${endpoint} differ too much. Set them.`;
    case 'AuthorizationHeaderMalformed':
    case 'PermanentRedirect':
      return `the bucket ${bucket} may not be in the region ${region}: ${told} Correct the region.`;
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ETIMEDOUT':
      return `${endpoint} cannot be reached (${told}). Check that it runs there.`;
    default:
      return (
        `the bucket ${bucket} at ${endpoint} cannot be used (${told}). ` +
        'Check the address, and what that server says.'
      );
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
