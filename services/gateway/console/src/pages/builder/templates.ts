/** What a new pipeline may start from. Texts of our own, which the server takes as they are. */
export interface Template {
  id: 'empty' | 'python' | 'ingestion';
  text: string;
}

const EMPTY = `version: v1
name: New pipeline
pipeline:
  main:
    tasks: {}
`;

const PYTHON = `version: v1
name: Python and dbt
# At eight every morning; change the time zone to your own.
schedule:
  - name: morning
    cron: 0 8 ? * * *
    timezone: UTC
pipeline:
  load:
    name: Load
    tasks:
      extract:
        name: Extract
        integration: PYTHON
        integration_job: PYTHON_EXECUTE_SCRIPT
        parameters:
          source: INLINE
          python_version: '3.12'
          code: |
            print("rows are loaded here")
        configuration:
          retries: 2
          retry_delay: 5
  transform:
    name: Transform
    depends_on: [load]
    tasks:
      models:
        name: Build and test the models
        integration: DBT_CORE
        integration_job: DBT_CORE_EXECUTE
        parameters:
          commands: dbt build
          package_manager: PIP
          python_version: '3.12'
`;

const INGESTION = `version: v1
name: Ingestion and quality
pipeline:
  ingest:
    name: Ingest
    tasks:
      fetch_orders:
        name: Fetch the orders
        integration: HTTP
        integration_job: HTTP_REQUEST
        parameters:
          method: GET
          path: /orders
          set_outputs: true
        configuration:
          retries: 3
          timeout: 600
  quality:
    name: Quality
    depends_on: [ingest]
    tasks:
      # Fails above the first threshold, warns above the second.
      orders_have_customers:
        name: Every order has a customer
        integration: POSTGRES
        integration_job: POSTGRES_RUN_TEST
        parameters:
          statement: select id from orders where customer_id is null
          error_threshold_expression: '> 100'
          warn_threshold_expression: '> 0'
  warn:
    name: Tell the team
    depends_on: [quality]
    # Only when a test has failed.
    condition: \${{ task_groups['quality'].any().status == 'FAILED' }}
    tasks:
      message:
        name: Write to the channel
        integration: SLACK
        integration_job: SEND_SLACK_MESSAGE
        parameters:
          channel_name: data
          text: Orders without customers were found.
`;

export const TEMPLATES: Template[] = [
  { id: 'empty', text: EMPTY },
  { id: 'python', text: PYTHON },
  { id: 'ingestion', text: INGESTION },
];
