using IncusCompose.Applying;

namespace IncusCompose.Cli.Rendering.Progress;

/// <summary>
/// Shows what happens while a plan is applied. Events come from many threads at once;
/// disposing shows what is still to be shown and leaves the terminal as it was.
/// </summary>
internal interface IApplyProgress : IProgress<ApplyEvent>, IAsyncDisposable;
