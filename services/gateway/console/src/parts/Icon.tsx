/** The drawings of the console: lines of 1.6 on a grid of 20. They say nothing alone; a word stands beside or is spoken. */
const PATHS = {
  home: 'M3 9.5 10 4l7 5.5V16a1 1 0 0 1-1 1h-3.5v-4.5h-5V17H4a1 1 0 0 1-1-1z',
  pipelines: 'M4 5h4v4H4zM12 11h4v4h-4zM8 7h4a2 2 0 0 1 2 2v2',
  runs: 'M6 4.5v11l9-5.5z',
  assets: 'M10 3c3.6 0 6 1 6 2.5v9c0 1.5-2.4 2.5-6 2.5s-6-1-6-2.5v-9C4 4 6.4 3 10 3zM4 5.5C4 7 6.4 8 10 8s6-1 6-2.5M4 10c0 1.5 2.4 2.5 6 2.5s6-1 6-2.5',
  lineage: 'M5 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM5 17a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM15 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 5h2a3 3 0 0 1 3 3v0a2 2 0 0 0 1 2M7 15h2a3 3 0 0 0 3-3v0a2 2 0 0 1 1-2',
  operate: 'M3 6h7M14 6h3M3 14h3M10 14h7M12 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  connections: 'M7 4v4M13 4v4M5 8h10v2a5 5 0 0 1-10 0zM10 15v3',
  environments: 'M10 3l7 4-7 4-7-4zM3 11l7 4 7-4',
  key: 'M7 16a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM9.5 10 16 3.5M13 6.5l2 2',
  integrations: 'M4 4h5v5H4zM11 4h5v5h-5zM4 11h5v5H4zM13.5 11v5M11 13.5h5',
  backfills: 'M4 10a6 6 0 1 1 1.8 4.3M4 15v-4h4',
  schedules: 'M4 5h12v12H4zM4 8.5h12M7.5 3v3M12.5 3v3',
  alerts: 'M5.5 14V9a4.5 4.5 0 0 1 9 0v5l1.5 1.5H4zM8.5 17.5h3',
  costs: 'M10 3v14M13.5 6.2C12.8 5.3 11.5 5 10 5 8 5 6.5 5.9 6.5 7.5c0 3.4 7 1.6 7 5 0 1.6-1.5 2.5-3.5 2.5-1.6 0-3-.4-3.7-1.4',
  audit: 'M6 3h6l3 3v11H6zM8.5 9h4M8.5 12h4M12 3v3h3',
  settings: 'M10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM10 2.5v2.5M10 15v2.5M2.5 10H5M15 10h2.5M4.7 4.7l1.8 1.8M13.5 13.5l1.8 1.8M15.3 4.7l-1.8 1.8M6.5 13.5l-1.8 1.8',
  search: 'M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5 17 17',
  close: 'M5 5l10 10M15 5 5 15',
  check: 'M4 10.5 8 14.5 16 6',
  cross: 'M6 6l8 8M14 6l-8 8',
  warning: 'M10 3 18 17H2zM10 8v4M10 14.5v.1',
  info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9.5v4M10 6.5v.1',
  clock: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4l2.5 2',
  skip: 'M4 5v10l6-5zM10 5v10l6-5z',
  stop: 'M5.5 5.5h9v9h-9z',
  pause: 'M7 5v10M13 5v10',
  play: 'M6 4.5v11l9-5.5z',
  spinner: 'M10 3a7 7 0 1 1-6.5 4.4',
  dot: 'M10 12.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  retry: 'M16 10a6 6 0 1 1-1.8-4.3M16 5v4h-4',
  copy: 'M7 7h9v10H7zM4 13V3h9',
  more: 'M4.5 10.7a.7.7 0 1 0 0-1.4.7.7 0 0 0 0 1.4zM10 10.7a.7.7 0 1 0 0-1.4.7.7 0 0 0 0 1.4zM15.5 10.7a.7.7 0 1 0 0-1.4.7.7 0 0 0 0 1.4z',
  down: 'M5 8l5 5 5-5',
  up: 'M5 12l5-5 5 5',
  right: 'M8 5l5 5-5 5',
  left: 'M12 5l-5 5 5 5',
  menu: 'M3 6h14M3 10h14M3 14h14',
  external: 'M11 4h5v5M16 4l-7 7M13 11v5H4V7h5',
  edit: 'M4 16v-3L13 4l3 3-9 9zM11 6l3 3',
  trash: 'M4 6h12M8 6V4h4v2M6 6l1 11h6l1-11',
  plus: 'M10 4v12M4 10h12',
  minus: 'M4 10h12',
  fit: 'M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4',
  user: 'M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c.5-3 2.8-4.5 6-4.5s5.5 1.5 6 4.5',
  signout: 'M8 4H4v12h4M9 10h8M14 7l3 3-3 3',
  sun: 'M10 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM10 3v1.5M10 15.5V17M3 10h1.5M15.5 10H17M5 5l1 1M14 14l1 1M15 5l-1 1M6 14l-1 1',
  moon: 'M16 12A6.5 6.5 0 0 1 8 4a6.5 6.5 0 1 0 8 8z',
  filter: 'M3 4h14l-5.5 7v5l-3-1.5V11z',
  list: 'M7 5h10M7 10h10M7 15h10M3.5 5v.1M3.5 10v.1M3.5 15v.1',
  graph: 'M4 4h4v4H4zM12 4h4v4h-4zM8 14h4v4H8zM6 8v2h8V8M10 10v4',
  code: 'M7 6l-4 4 4 4M13 6l4 4-4 4',
  branch: 'M6 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM6 17a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM14 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM6 7v6M14 8c0 3-8 2-8 5',
  download: 'M10 3v9M6 8.5l4 4 4-4M4 16h12',
  link: 'M8.5 11.5a3 3 0 0 0 4.3 0l2.7-2.7a3 3 0 0 0-4.3-4.3L10 5.7M11.5 8.5a3 3 0 0 0-4.3 0l-2.7 2.7a3 3 0 0 0 4.3 4.3L10 14.3',
  keyboard: 'M3 5h14v10H3zM6 8v.1M9 8v.1M12 8v.1M14.5 8v.1M6 12h8',
  lock: 'M5 9h10v8H5zM7 9V7a3 3 0 0 1 6 0v2',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16, className, spin }: { name: IconName; size?: number; className?: string; spin?: boolean }) {
  return (
    <svg
      className={className}
      data-spin={spin || undefined}
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.6}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
