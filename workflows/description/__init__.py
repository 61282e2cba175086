"""The API description: what routes say of themselves, as the OpenAPI document at `/api/schema`."""
