// The fastWorkflow document's browser client. It is printed there with an EventSource and `method: 'POST'`, which
// browsers ignore; fetch sends the query, and reads the same frames.
async function streamQuery(userId, query) {
    const post = (path, body) => fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ user_id: userId, ...body })
    });

    await post('/initialize', {});
    const response = await post('/invoke_agent_stream', { user_query: query, timeout_seconds: 60 });

    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    let buffer = '';

    while (true) {
        const { value, done } = await reader.read();
        if (done) break;

        buffer += decoder.decode(value, { stream: true });
        const blocks = buffer.split('\n\n');
        buffer = blocks.pop();

        for (const block of blocks) {
            const field = (name) => block.split('\n').find((line) => line.startsWith(name))?.slice(name.length);
            const data = field('data: ');
            if (!data) continue;

            switch (field('event: ')) {
                case 'trace': console.log('Trace:', JSON.parse(data)); break;
                case 'command_output': console.log('Final output:', JSON.parse(data)); break;
                case 'error': console.error('Error:', JSON.parse(data)); break;
            }
        }
    }
}
