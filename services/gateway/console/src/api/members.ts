/** Who is logged in, how people sign in, and what that makes them. Needs an admin of the whole account. */
import { useQuery } from '@tanstack/react-query';
import { get, remove, seg } from './client';
import { ApiError } from './errors';
import type { Grant } from './keys';
import { POLL, queries } from './query';

export interface Login {
  id: string;
  /** `user:ada`: somebody whom the identity provider named; `key:ci`: whoever showed that key. */
  subject: string;
  /** The program, as it calls itself. */
  client: string;
  /** What it may now. */
  grants: Grant[];
  readOnly: boolean;
  beganAt: string | null;
  /** When its tokens were last made: about once an hour while it is used. */
  refreshedAt: string | null;
  expiresAt: string | null;
}
export interface SignInRules {
  /** null: nobody can sign in here, keys work. */
  publicUrl: string | null;
  /** null: people show a key. */
  provider: {
    issuer: string;
    userClaim: string;
    groupsClaim: string;
    /** `*` is everybody whom the provider knows. */
    rules: (Grant & { group: string })[];
  } | null;
}

export const useLogins = () =>
  useQuery({ queryKey: ['logins'], queryFn: async ({ signal }) => (await get<{ logins: Login[] }>('/logins', {}, signal)).logins, refetchInterval: POLL.usual });

export const useSignInRules = () => useQuery({ queryKey: ['sign-in'], queryFn: ({ signal }) => get<SignInRules>('/sign_in', {}, signal), staleTime: Infinity });

/** Ends logins, one after the other; of those that are over already nothing is left to do. The first that is refused stops it. */
export async function endLogins(ids: string[]): Promise<void> {
  try {
    for (const id of ids) {
      await remove(`/logins/${seg(id)}`).catch((thrown: unknown) => {
        if (!(thrown instanceof ApiError && thrown.status === 404)) throw thrown;
      });
    }
  } finally {
    await queries.invalidateQueries({ queryKey: ['logins'] });
  }
}
