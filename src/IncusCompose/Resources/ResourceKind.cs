using Incus.Client;
using IncusCompose.Applying;
using IncusCompose.Definition;
using IncusCompose.Exporting;
using IncusCompose.Graphs;
using IncusCompose.Planning;

namespace IncusCompose.Resources;

/// <summary>
/// A kind of resource: the unit of growth. It answers five questions — what a resource is called and depends on,
/// what it should be, what it is, how hard a difference is, and how a change is made. Planner and scheduler ask
/// these and know no kind by name.
/// </summary>
internal abstract class ResourceKind
{
    /// <summary>The kind as a word, as it stands in a <see cref="ResourceId"/>.</summary>
    public abstract string Name { get; }

    /// <summary>The kind as people say it: <c>storage pool</c>.</summary>
    public virtual string Noun => Name.Replace('-', ' ');

    /// <summary>How it is drawn in a graph.</summary>
    public virtual GraphShape Shape => GraphShape.Rounded;

    /// <summary>What the stack's resources of this kind should be. Problems that only the server can show go to <paramref name="context"/>.</summary>
    public abstract IEnumerable<DesiredResource> Desire(PlanningContext context);

    /// <summary>What is there: one list, as few requests as the API allows.</summary>
    public abstract Task<IReadOnlyList<LiveResource>> ListAsync(ObserveScope scope, CancellationToken cancellationToken);

    /// <summary>What one resource is right now; null where it is not there.</summary>
    public abstract Task<LiveResource?> FindAsync(IncusClient client, ResourceId id, CancellationToken cancellationToken);

    /// <summary>What the resource of a change is right now, while that is made; null where it is not there.</summary>
    public virtual Task<LiveResource?> FindAgainAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) => FindAsync(context.Client, change.Id, cancellationToken);

    /// <summary>The live counterpart of a desired resource.</summary>
    public virtual LiveResource? Locate(DesiredResource desired, ServerObservation server) => server.Find(desired.Id);

    /// <summary>True where the live value is what the desired one leads to (a server writes <c>auto</c> out as an address).</summary>
    public virtual bool IsSame(string path, DesiredResource desired, string live) => desired.Properties[path] == live;

    /// <summary>True where the live value is what was applied, though the file's value, which is the same as then, means something else by now.</summary>
    public virtual bool IsFilesChange(string path, DesiredResource desired, string live) => false;

    /// <summary>True for a live value that the server fills in by itself: it is nobody's change.</summary>
    public virtual bool IsServerFilled(string path) => false;

    /// <summary>The same where it depends on what the resource is.</summary>
    public virtual bool IsServerFilled(string path, LiveResource live) => IsServerFilled(path);

    /// <summary>True for a value that the server writes its own way once it has it: as long as the file says the same, so does the server.</summary>
    public virtual bool IsRewritten(string path) => false;

    /// <summary>True for what is as it was where the file no longer says it: it is the server's choice from then on.</summary>
    public virtual bool StaysWhenDropped(string path) => false;

    /// <summary>What is written where a property is dropped from the file; null: it is removed.</summary>
    public virtual string? ValueWhenDropped(string path) => null;

    /// <summary>How hard the change of one property is.</summary>
    public virtual ChangeImpact ImpactOf(string path, DesiredResource desired, LiveResource live, MetadataConfiguration? metadata) =>
        path is PropertyPath.Type or PropertyPath.Driver or PropertyPath.ContentType ? ChangeImpact.Replace : ChangeImpact.Live;

    /// <summary>What stands in the way of replacing it, whether replacing is allowed or not; null where nothing does.</summary>
    public virtual string? ReplacementRefusal(LiveResource live, PlanOptions options) => DeletionRefusal(live);

    /// <summary>What stands in the way of deleting it; null where nothing does.</summary>
    public virtual string? DeletionRefusal(LiveResource live) => null;

    /// <summary>True for what stays, without stopping the rest of a plan, where it is no longer in the file and something stands in the way of deleting it.</summary>
    public virtual bool StaysWhereRefused => false;

    /// <summary>What is lost when it is replaced, in a few words; empty where that is nothing but the thing itself.</summary>
    public virtual string LostByReplacement => "";

    /// <summary>True where what exists may be used without being the stack's own (an image that is there already).</summary>
    public virtual bool IsShared => false;

    /// <summary>True for what has the name of what a change is about, and the stack's mark, and is something else all the same.</summary>
    /// <param name="change">The change, as planned.</param>
    /// <param name="now">What is there now.</param>
    public virtual bool IsAnother(ResourceChange change, LiveResource now) => false;

    /// <summary>Says that what must exist does not.</summary>
    public virtual void ReportMissing(DesiredResource resource, PlanningContext context) => context.Error(
        "MissingExternal",
        resource.DefinitionPath,
        $"there is no {Noun} \"{resource.Id.Name}\" on the server, and the file says that it is external",
        "create it, or drop external: true");

    /// <summary>
    /// The cluster member that a resource is on, where that does not answer: the server lists such a resource by its name
    /// alone, and nothing can be known or changed of it. Null otherwise.
    /// </summary>
    /// <param name="live">The resource.</param>
    public virtual string? SilentMemberOf(LiveResource live) => null;

    /// <summary>True for what a cluster has on each of its members: the server makes, changes and deletes it there all at once.</summary>
    public virtual bool IsOnAllMembers => false;

    /// <summary>True for a change that the server takes to all members at once, and refuses while one of them is away, of what is not on members itself.</summary>
    /// <param name="id">What is made, changed or deleted.</param>
    /// <param name="live">What it is; null where it is to be made.</param>
    /// <param name="desired">What it is to be; null where it is to be deleted.</param>
    /// <param name="server">What is live.</param>
    public virtual bool ConcernsAllMembers(ResourceId id, LiveResource? live, DesiredResource? desired, ServerObservation server) => false;

    /// <summary>The cluster member that a resource is on; null where it is on none in particular.</summary>
    /// <param name="live">The resource; null where it is not there.</param>
    public virtual string? MemberOf(LiveResource? live) => null;

    /// <summary>The cluster member that a resource is to be made on; null where that is left to the server.</summary>
    /// <param name="desired">The resource.</param>
    public virtual string? MemberOf(DesiredResource desired) => null;

    /// <summary>True for a value of something live that could not be asked for: what was last applied is taken for it.</summary>
    public virtual bool IsUnknown(string path, LiveResource live) => false;

    /// <summary>What to do where the name is somebody else's.</summary>
    /// <param name="live">What has it.</param>
    public virtual string AdviceWhenTakenBy(LiveResource live) => AdviceWhenTaken;

    /// <summary>What something is called on the server.</summary>
    public virtual string NameOf(LiveResource live) => live.Id.Name;

    /// <summary>The same, whoever has it.</summary>
    public virtual string AdviceWhenTaken => "rename one of the two, or mark it external: true to use it as it is";

    /// <summary>How something gets back the name, or place, that it had.</summary>
    /// <param name="now">What it is called.</param>
    /// <param name="before">What it was called.</param>
    public virtual string AdviceWhenRenamed(ResourceId now, ResourceId before) => "give it back its name";

    /// <summary>
    /// True for what Incus itself makes in a new project and deletes with it. In a project that the stack made it is the
    /// stack's to change, though no mark says so before the first change.
    /// </summary>
    public virtual bool ComesWith(LiveResource project, ResourceId id) => false;

    /// <summary>The resource's address in the API, as other resources name it in <c>used_by</c>.</summary>
    public virtual string AddressOf(LiveResource live) => $"/1.0/{Name}s/{live.Id.Name}";

    /// <summary>True for what stays when its stack is taken down, since the word that would delete it was not given.</summary>
    public virtual bool IsKept(RemovalOptions options) => false;

    /// <summary>What would delete a resource that is no longer in the file; null where that was said.</summary>
    public virtual string? PruningRefusal(PlanOptions options) => options.Prune ? null : "delete it with -Prune (--prune)";

    /// <summary>True where something that uses a resource of this name may mean this one; false where each stack has its own by that name.</summary>
    /// <param name="live">The resource.</param>
    /// <param name="user">What uses one of its name.</param>
    public virtual bool MayBeMeant(LiveResource live, LiveResource user) => true;

    /// <summary>Why a resource stays when its stack is taken down; null where it can go once the <paramref name="deleted"/> addresses are gone.</summary>
    public virtual string? WhyKept(LiveResource live, IReadOnlySet<string> deleted, ServerObservation server) => null;

    /// <summary>What else than its properties makes a resource what it is: whether an instance runs.</summary>
    public virtual string StateOf(LiveResource live) => "";

    /// <summary>True where what exists and is nobody's can be given a stack's mark as it is.</summary>
    public virtual bool CanAdopt(LiveResource live) => false;

    /// <summary>What only this kind knows about a planned change of something that exists: an instance also runs or not.</summary>
    public virtual ResourceChange Refine(ResourceChange change, ResourcePlanner planner) => change;

    /// <summary>What is left of a change where what exists is to stay as it is.</summary>
    public virtual ResourceChange Keep(ResourceChange change) => change with { Action = ChangeAction.None };

    /// <summary>What is to be done once a change is made, and may be the whole change, among its properties: an instance's steps.</summary>
    public virtual ResourceChange WithSteps(ResourceChange change) => change;

    /// <summary>
    /// Waits for what the server is doing at the moment to what a change concerns: somebody else is making it, or an apply
    /// that was killed had begun. True where there was something; then it is to be looked at again.
    /// </summary>
    public virtual Task<bool> SettleAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) => Task.FromResult(false);

    /// <summary>
    /// True where everything of the kind that the stack could mean by a name was seen, so that what was not is not there. False
    /// where a client sees a part only: then the server alone can say.
    /// </summary>
    /// <param name="context">The stack and what is live.</param>
    public virtual bool IsSeenInFull(PlanningContext context) => false;

    /// <summary>The names of what is there though the stack's project does not show it, as far as that was asked for.</summary>
    /// <param name="context">The stack and what is live.</param>
    public virtual IReadOnlyCollection<string> NamesElsewhere(PlanningContext context) => [];

    /// <summary>True for what is the server's as a whole, and means nothing on another one: no backup or copy of a stack has it.</summary>
    public virtual bool IsOfServer => false;

    /// <summary>What to do where only a client without restrictions may make and change it; null where others may, too.</summary>
    public virtual string? AdviceWhenRestricted => null;

    /// <summary>The feature that a project has resources of its own by, and what holds where it does not say; null where it always has.</summary>
    public virtual (string Name, bool IsDefault)? ProjectFeature => null;

    /// <summary>True where every other resource lives inside it: it is made first and goes last.</summary>
    public virtual bool ContainsAll => false;

    /// <summary>What a resource still uses of what it uses now once a planned change is made.</summary>
    public virtual IReadOnlyList<ResourceId> UsesAfter(ResourceChange change) => [];

    /// <summary>True for a change of what holds everything else that can only be made once the rest is as it is to be: a limit that falls.</summary>
    public virtual bool ComesLast(ResourceChange change) => false;

    /// <summary>True where a name is unique only within something else, which the id's scope names.</summary>
    public virtual bool HasScope => false;

    /// <summary>True for what a checkpoint keeps as its definition alone, since that is all there is to it.</summary>
    public virtual bool IsKeptAsDefinition => false;

    /// <summary>True where a resource is what it was when its definition was kept; what the server notes by itself does not count.</summary>
    public virtual bool IsAsKept(LiveResource kept, LiveResource now) => kept.Properties.SameAs(now.Properties);

    /// <summary>Makes a resource what it was when its definition was kept: in place, or anew where it is gone.</summary>
    public virtual Task PutBackAsync(ApplyContext context, LiveResource kept, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"A {Name} is not put back by its definition.");

    /// <summary>What it lies in and goes with, should that be made anew; null where nothing is of that kind.</summary>
    public virtual ResourceId? HolderOf(ResourceId id) => null;

    /// <summary>
    /// What of a live resource would be written in a stack file: the definition with it in its place. By default nothing: a
    /// file has no word for the kind.
    /// </summary>
    /// <param name="stack">The definition so far; what this kind stands on is in it.</param>
    /// <param name="live">The resource.</param>
    /// <param name="context">What is live besides, what is to be the stack's own, and where notes go.</param>
    public virtual StackDefinition Export(StackDefinition stack, LiveResource live, ExportContext context) => stack;

    /// <summary>The addresses of what uses it, as the server tells them; empty where it does not.</summary>
    public virtual IReadOnlyList<string> UsersOf(LiveResource live) => [];

    /// <summary>A resource in API form as text, to be kept; secrets are as they are.</summary>
    public virtual byte[] Write(LiveResource live) => throw new NotSupportedException($"A {Name} is not kept as text.");

    /// <summary>Gives what a resource refers to the names that they have elsewhere.</summary>
    /// <param name="fields">The resource's fields, to be changed.</param>
    /// <param name="names">The new name of a resource; null where it keeps its own.</param>
    public virtual void Translate(ResourceFields fields, Func<ResourceId, string?> names)
    {
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public virtual LiveResource Read(ResourceId id, ReadOnlySpan<byte> text) => throw new NotSupportedException($"A {Name} is not kept as text.");

    /// <summary>Makes what came to the server by other means (an import, a copy) the stack's own: its properties and its mark.</summary>
    /// <param name="context">Where and for whom.</param>
    /// <param name="desired">What it is to be.</param>
    /// <param name="forget">The server's notes about it that are not to stay.</param>
    /// <param name="cancellationToken">Ends the requests.</param>
    public virtual Task AdoptAsync(ApplyContext context, DesiredResource desired, Func<string, bool> forget, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"A {Name} is always made anew.");

    /// <summary>Writes the stack's mark on what was nobody's, and touches nothing else of it.</summary>
    public virtual Task MarkAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"A {Name} is not adopted.");

    /// <summary>
    /// What a resource is before others of its kind are there that it may name, where these may name it as well; null
    /// where nothing of its kind does.
    /// </summary>
    public virtual DesiredResource? BeforeOthers(DesiredResource desired) => null;

    /// <summary>The same of what was kept.</summary>
    public virtual LiveResource? BeforeOthers(LiveResource kept) => null;

    /// <summary>Makes the resource, with the stack's mark on it.</summary>
    public abstract Task CreateAsync(ApplyContext context, DesiredResource desired, CancellationToken cancellationToken);

    /// <summary>Writes the changes of <paramref name="change"/> into the resource as it is now.</summary>
    public abstract Task UpdateAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken);

    /// <summary>What else than an error tells the server keeps of why a change failed; null where that is nothing.</summary>
    public virtual Task<string?> ReasonAsync(IncusClient client, ResourceId id, Exception error) => Task.FromResult<string?>(null);

    /// <summary>Deletes the resource; one that is gone already is no error.</summary>
    public abstract Task DeleteAsync(ApplyContext context, LiveResource live, CancellationToken cancellationToken);

    /// <summary>Carries out a planned change.</summary>
    public virtual async Task ApplyAsync(ApplyContext context, ResourceChange change, CancellationToken cancellationToken)
    {
        switch (change.Action)
        {
            case ChangeAction.Create:
                await CreateAsync(context, change.Desired!, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Update:
                await UpdateAsync(context, change, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Replace:
                await DeleteAsync(context, change.Live!, cancellationToken).ConfigureAwait(false);
                await CreateAsync(context, change.Desired!, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Adopt:
                await MarkAsync(context, change, cancellationToken).ConfigureAwait(false);
                break;
            case ChangeAction.Delete:
                await DeleteAsync(context, change.Live!, cancellationToken).ConfigureAwait(false);
                break;
            default:
                throw new InvalidOperationException($"A {Name} has no {change.Action} step.");
        }
    }
}
