/**
 * Which fields a connection of an integration has, as docs/connections.md tells them: for the form. Others can be added
 * by name; a worker refuses what it does not know. Pure.
 */
export interface FieldOf {
  name: string;
  needed?: boolean;
  /** A credential: never shown while it is typed. */
  secret?: boolean;
  /** Several lines. */
  long?: boolean;
  hint?: string;
}

const host: FieldOf = { name: 'host', needed: true };
const username: FieldOf = { name: 'username', needed: true };
const password: FieldOf = { name: 'password', secret: true };
const tls: FieldOf[] = [
  { name: 'sslmode', hint: 'verify-full, require, disable' },
  { name: 'ca_certificate', long: true },
];
const sql = (port: string, database: boolean): FieldOf[] => [host, { name: 'port', hint: port }, { name: 'database', needed: database }, username, password, ...tls];
const git: FieldOf[] = [
  { name: 'git_repository', hint: 'https://git.example.com/team/jobs.git' },
  { name: 'git_branch' },
  { name: 'git_username' },
  { name: 'git_token', secret: true },
  { name: 'git_private_key', secret: true, long: true },
  { name: 'git_host_key', long: true },
];

const FIELDS: Record<string, FieldOf[]> = {
  POSTGRES: sql('5432', true),
  MYSQL: sql('3306', false),
  MARIADB: sql('3306', false),
  HTTP: [{ name: 'base_url', needed: true, hint: 'https://api.example.com' }],
  EMAIL: [host, { name: 'from', needed: true, hint: 'Downbeat <downbeat@example.com>' }, { name: 'tls', hint: 'starttls, implicit, none' }, { name: 'port' }, { name: 'username' }, password, { name: 'ca_certificate', long: true }],
  PYTHON: git,
  DBT_CORE: git,
  AWS_EKS: [{ name: 'region', needed: true }, { name: 'cluster_name', needed: true }, { name: 'access_key_id', needed: true, secret: true }, { name: 'secret_access_key', needed: true, secret: true }, { name: 'session_token', secret: true }],
  GKE: [{ name: 'project', needed: true }, { name: 'location', needed: true }, { name: 'cluster_name', needed: true }, { name: 'service_account', needed: true, secret: true, long: true }],
  AZURE_KUBERNETES_SERVICE: [{ name: 'tenant_id', needed: true }, { name: 'client_id', needed: true }, { name: 'client_secret', needed: true, secret: true }, { name: 'subscription_id', needed: true }, { name: 'resource_group', needed: true }, { name: 'cluster_name', needed: true }],
};

export const fieldsOf = (integration: string): FieldOf[] => FIELDS[integration] ?? [];

/** Words in a name that make it a credential, where no table says so. */
const CREDENTIAL = /(password|secret|token|private_key|api_key|access_key|credential|service_account)/;
export const isSecret = (integration: string, name: string): boolean => fieldsOf(integration).find((field) => field.name === name)?.secret ?? CREDENTIAL.test(name);

/**
 * What is sent: texts as they are, numbers of ports as numbers, and JSON where somebody begins a value with `{` or `[`
 * and it is JSON. Empty fields are left out.
 */
export function valuesOf(typed: Record<string, string>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(typed)) {
    if (name.trim() === '' || text === '') continue;
    out[name.trim()] = valueOf(name.trim(), text);
  }
  return out;
}

function valueOf(name: string, text: string): unknown {
  if (name === 'port' && /^\d{1,5}$/.test(text)) return Number(text);
  // The key of a Google account is JSON, and a text all the same.
  if (/^\s*[[{]/.test(text) && name !== 'service_account') {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

/** What a value refers to, if it does: the scheme of the store. */
export function storeOf(text: string): string | undefined {
  return /^(env|file|vault|aws-sm|azure-kv|k8s-secret):/.exec(text)?.[1];
}
